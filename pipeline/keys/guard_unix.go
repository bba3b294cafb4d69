//go:build unix

package keys

import (
	"fmt"
	"os"
	"syscall"
)

// guardReading wants a file that only its owner can use, and that is ours or root's.
func guardReading(info os.FileInfo) error {
	if mode := info.Mode().Perm(); mode&^0o600 != 0 {
		return fmt.Errorf("mode is %04o, want 0400 or 0600: run chmod 600, or set keys.mounted for files that a secret "+
			"store mounts", mode)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Getuid() {
		return fmt.Errorf("the file belongs to user %d, want the user of the job or root: run chown", st.Uid)
	}
	return nil
}

// guardWriting wants a file that only its owner can change.
func guardWriting(info os.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Errorf("mode is %04o, others can write the file: run chmod go-w", mode)
	}
	return nil
}
