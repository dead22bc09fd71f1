# SPDX-License-Identifier: BSD-2-Clause
# An sshd for one user, and what ssh does with it.  Sourced after lib.sh.

need ssh scp sftp sshd ssh-keygen

# sshd with its sandboxed children, under the words "$@" or none.
serve_ssh() {
	ssh-keygen -q -t ed25519 -N '' -f host_key &&
		ssh-keygen -q -t ed25519 -N '' -f user_key || exit 99
	cp user_key.pub authorized_keys
	# sshd locks its sandboxed child into this folder.
	[ -d /run/sshd ] || mount -t tmpfs none /run && mkdir -p /run/sshd ||
		exit 99
	cat >sshd_config <<-END
	ListenAddress 127.0.0.1:2222
	HostKey $PWD/host_key
	AuthorizedKeysFile $PWD/authorized_keys
	PidFile none
	StrictModes no
	UsePAM no
	Subsystem sftp internal-sftp
	END
	cat >ssh_config <<-END
	Host there
	HostName 127.0.0.1
	Port 2222
	User $(id -un)
	IdentityFile $PWD/user_key
	IdentitiesOnly yes
	UserKnownHostsFile $PWD/known_hosts
	StrictHostKeyChecking accept-new
	LogLevel ERROR
	END
	start "$@" "$(command -v sshd)" -D -e -f "$PWD/sshd_config" \
		>sshd.log 2>&1
	wait_for_port 2222
}
copies() {
	data there 2000000
	$door ssh -F ssh_config there 'sha256sum; exit 7' <there
	echo "status $?"
	$door scp -q -F ssh_config there there:"$PWD/result/scp" || return
	echo "get $PWD/there result/sftp" >commands
	$door sftp -q -F ssh_config -b commands there >sftp.log
}
