# SPDX-License-Identifier: BSD-2-Clause
# CPython's own tests, a row for each module: the same result of each test case
# with and without netspy.  Sourced after lib.sh; then: cpython MODULE...

# The system's python3 comes with its tests in a package of their own.
for tested in /usr/bin/python3 "$python" ''; do
	[ "$tested" ] || skip_ "python3 has no test.test_socket" \
		"(Debian: libpython3.11-testsuite)"
	! "$tested" -c 'import test.test_socket' 2>/dev/null || break
done
limit=900

# A line for each test case, name and result, and the numbers in "says".
results='import collections, xml.etree.ElementTree as tree
numbers = collections.Counter()
for case in tree.parse("junit.xml").iter("testcase"):
    result = case[0].tag if len(case) else "ok"
    numbers[result] += 1
    print(case.get("name"), result)
open("says", "w").write(", ".join("%d %s" % (n, result)
                                  for result, n in sorted(numbers.items())))
'
one_module() {
	mkdir tmp
	# Where the kernel has no loopback for VSOCK its tests wait for ever.
	TMPDIR=$PWD/tmp $door "$tested" -m test -u network --timeout 850 \
		-i '*VSOCK*' --junit-xml junit.xml "$1" >log 2>&1
	echo "python3 -m test: $?" >result/status
	[ -s junit.xml ] || {
		tail -n 20 log >&2
		return 99
	}
	"$python" -c "$results" | sort >result/cases
}

cpython() {
	for module; do
		name=$(echo "$module" | tr . _)
		eval "run_$name() { one_module $module; }"
		compare "$tested -V" "$module" "run_$name" 0
	done
}
