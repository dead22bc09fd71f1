/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hooks, one for each role of the spec: what a call means. They run after
 * the real call with its result and its arguments, which they only read; the
 * nspy_before_ ones run before it. No malloc, no stdio, no lock; at most 1 KiB
 * of stack.
 */

#ifndef NETSPY_HOOK_H
#define NETSPY_HOOK_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

struct __res_state;
struct addrinfo;
struct gaicb;
struct hostent;
struct nspy_call;

/* hook_open.c: sockets and connections come to be. */
void nspy_on_socket(struct nspy_call *call, int ret, int domain, int type,
		    int protocol);
void nspy_on_socketpair(struct nspy_call *call, int ret, int domain, int type,
			const int sv[2]);
void nspy_on_bind(struct nspy_call *call, int ret);
void nspy_on_listen(struct nspy_call *call, int ret);
void nspy_on_connect(struct nspy_call *call, int ret,
		     const struct sockaddr *addr, socklen_t addrlen);
void nspy_on_accept(struct nspy_call *call, int ret);

/* hook_option.c: what a socket is asked and told. */
void nspy_on_getsockopt(struct nspy_call *call, int ret, int level, int optname,
			const void *optval, const socklen_t *optlen);
void nspy_on_setsockopt(struct nspy_call *call, int ret, int level, int optname,
			const void *optval, socklen_t optlen);

/* hook_data.c: bytes move. */
void nspy_on_send(struct nspy_call *call, ssize_t ret, const void *buf,
		  int flags, const struct sockaddr *to, socklen_t tolen);
void nspy_on_sendv(struct nspy_call *call, ssize_t ret, const struct iovec *iov,
		   int iovcnt);
void nspy_on_sendmsg(struct nspy_call *call, ssize_t ret,
		     const struct msghdr *msg, int flags);
void nspy_on_sendmmsg(struct nspy_call *call, int ret,
		      const struct mmsghdr *msgvec, int flags);
void nspy_on_read(struct nspy_call *call, ssize_t ret, const void *buf,
		  size_t len);
void nspy_on_recv(struct nspy_call *call, ssize_t ret, const void *buf,
		  size_t len, int flags, const struct sockaddr *from,
		  const socklen_t *fromlen);
void nspy_on_recvv(struct nspy_call *call, ssize_t ret, const struct iovec *iov,
		   int iovcnt);
void nspy_on_recvmsg(struct nspy_call *call, ssize_t ret,
		     const struct msghdr *msg, int flags);
void nspy_on_recvmmsg(struct nspy_call *call, int ret, struct mmsghdr *msgvec,
		      int flags);

/* receive.c: senders that the program does not ask for. */
void nspy_before_recvmmsg(struct nspy_call *call, const struct mmsghdr *msgvec,
			  unsigned int vlen);

/* hook_xfer.c: bytes move past the program's memory. */
void nspy_before_sendfile(struct nspy_call *call, int in, const void *offset);
void nspy_on_file_sent(struct nspy_call *call, ssize_t ret, int in,
		       int64_t end);
/* offset points to 64 bits for sendfile64, and to a word for sendfile. */
#define nspy_on_sendfile(call, ret, in, offset)                                \
	nspy_on_file_sent(call, ret, in, (ret) > 0 && (offset) ? *(offset) : -1)
bool nspy_before_splice(struct nspy_call *call, int in,
			const off64_t *in_offset, int out,
			const off64_t *out_offset, size_t len,
			unsigned int flags);
void nspy_on_splice(struct nspy_call *call, ssize_t ret, int out, size_t len,
		    unsigned int flags);
void nspy_on_pidfd_getfd(struct nspy_call *call, int ret);

/* hook_aio.c: requests that libc fulfils by and by. */
void nspy_before_aio_read(const void *control);
void nspy_before_aio_write(const void *control);
void nspy_on_aio(struct nspy_call *call, int ret, const void *control);
void nspy_before_lio_listio(const void *list, int count);
void nspy_on_aio_return(struct nspy_call *call, ssize_t ret,
			const void *control);

/* hook_dup.c: a descriptor becomes a copy of another. */
void nspy_on_dup(struct nspy_call *call, int ret, int oldfd);
void nspy_on_fcntl(struct nspy_call *call, int ret, int fd, int cmd);
void nspy_on_replace(struct nspy_call *call, int ret, int oldfd);
void nspy_before_replace(struct nspy_call *call, int oldfd, int newfd);

/* hook_close.c: descriptors and connections end. */
void nspy_before_connect(struct nspy_call *call);
void nspy_on_shutdown(struct nspy_call *call, int ret, int how);
/* One descriptor, for calls that close among other things. */
void nspy_before_close(int fd);
/*
 * Forget what is about to be closed. True when nspy_end_close has to tell the
 * rest after the real call: only the kernel knows whether it was the last
 * descriptor of a connection that other processes may hold.
 */
bool nspy_begin_close(struct nspy_call *call, int fd);
bool nspy_begin_close_range(struct nspy_call *call, unsigned int first,
			    unsigned int last, int flags);
bool nspy_begin_closefrom(struct nspy_call *call, int lowfd);
void nspy_end_close(struct nspy_call *call);

/* hook_stdio.c: streams begin and end; text that libc makes. */
void nspy_before_dprintf(struct nspy_call *call, int fd, va_list list);
void nspy_on_dprintf(struct nspy_call *call, int ret, const char *format);
void nspy_on_fdopen(struct nspy_call *call, FILE *ret);
bool nspy_begin_fclose(struct nspy_call *call, FILE *stream);
void nspy_before_freopen(struct nspy_call *call, const char *path,
			 FILE *stream);
void nspy_on_freopen(struct nspy_call *call, FILE *ret);

/* hook_name.c: host names are looked up. */
void nspy_on_getaddrinfo(struct nspy_call *call, int ret, const char *node,
			 const struct addrinfo *hints,
			 struct addrinfo *const *res);
void nspy_on_gethost(struct nspy_call *call, const struct hostent *ret,
		     const char *name);
void nspy_on_gethost_r(struct nspy_call *call, int ret,
		       struct hostent *const *result, const char *name);
void nspy_on_getnameinfo(struct nspy_call *call, int ret,
			 const struct sockaddr *sa, socklen_t salen,
			 const char *host, socklen_t hostlen);
void nspy_on_getaddrinfo_a(struct nspy_call *call, int ret, int mode,
			   struct gaicb *const *list, int nitems);
void nspy_on_gai_error(struct nspy_call *call, int ret, struct gaicb *req);
void nspy_on_gai_suspend(struct nspy_call *call, int ret,
			 const struct gaicb *const *list, int nitems);

/* hook_dns.c: messages go to a name server and back. */
void nspy_on_res_query(struct nspy_call *call, int ret,
		       const unsigned char *answer, int anslen,
		       const struct __res_state *given);
void nspy_on_res_send(struct nspy_call *call, int ret, const unsigned char *msg,
		      int msglen, const unsigned char *answer, int anslen,
		      const struct __res_state *given);

/* hook_process.c: processes begin and end. */
void nspy_before_fork(void);
void nspy_before_clone(long flags);
void nspy_before_clone_args(const void *args);
void nspy_before_exec(void);
void nspy_on_daemon(struct nspy_call *call, int ret, int noclose);
void nspy_on_login_tty(struct nspy_call *call, int ret, int fd);
void nspy_on_forkpty(struct nspy_call *call, pid_t ret);
void nspy_before_exit(void);
void nspy_before_quit(void);
void nspy_before_abort(void);

/* libraries.c: libraries go. */
void nspy_before_unload(void);

/* sandbox.c: processes give up rights. */
void nspy_before_confine(void);
void nspy_before_seccomp(unsigned int operation);
void nspy_on_seccomp(struct nspy_call *call, int ret, unsigned int operation);
void nspy_before_prctl(int option);
void nspy_on_prctl(struct nspy_call *call, int ret, int option);

#endif
