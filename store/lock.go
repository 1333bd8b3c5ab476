package store

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"yinzheng"
)

// lockFile keeps a second server off the same database: one process alone
// groups its commits and remembers the office tree. The lock is the kernel's
// (flock), so that it ends with the process however that ends; the file's text
// only says who holds it.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: lock the database: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder, _ := os.ReadFile(path)
		_ = f.Close()
		who := strings.TrimSpace(string(holder))
		return nil, unavailable(yinzheng.Text{
			ZH: fmt.Sprintf("数据目录正由另一个进程使用（%s）。请先停止它，或换用其他数据目录（%s）", who, path),
			EN: fmt.Sprintf("The data folder is in use by another process (%s). Please stop it first, or use another folder (%s)", who, path),
		}, nil)
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		host, _ := os.Hostname()
		_, err = fmt.Fprintf(f, "pid %d, %s\n", os.Getpid(), host)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("store: lock the database: %s: %w", path, err)
	}
	return f, nil
}
