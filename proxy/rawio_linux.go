package proxy

import (
	"syscall"
	"unsafe"
)

// rawRead and rawWrite are system calls that the scheduler is not told of: the
// descriptors do not block, so there is nothing to hand the processor over for,
// and telling costs some 50 ns each time. p is not empty.

func rawRead(fd uintptr, p []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	return int(n), errno
}

func rawWrite(fd uintptr, p []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	return int(n), errno
}

// pollHangUp asks whether the other side has finished sending.
const pollHangUp = 0x2000 // POLLRDHUP
