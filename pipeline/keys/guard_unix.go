//go:build unix

package keys

import (
	"fmt"
	"os"
	"syscall"
)

// guardReading wants a file that only its owner can use.
func guardReading(info os.FileInfo) error {
	if mode := info.Mode().Perm(); mode&^0o600 != 0 {
		return fmt.Errorf("mode is %04o, want 0400 or 0600: run chmod 600, or set keys.mounted for files that a secret "+
			"store mounts", mode)
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

// guardFolder wants a folder in which nobody but its owner can put another file in the place of one. In one with the
// sticky bit, as mounts and /tmp have it, nobody can.
func guardFolder(info os.FileInfo) error {
	if mode := info.Mode(); mode&0o022 != 0 && mode&os.ModeSticky == 0 {
		return fmt.Errorf("mode is %04o, others can put another file in its place: run chmod go-w", mode.Perm())
	}
	return nil
}

// guardOwner wants a file or folder that is ours or root's.
func guardOwner(info os.FileInfo) error {
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Getuid() {
		return fmt.Errorf("the owner is user %d, want the user of the job or root: run chown", st.Uid)
	}
	return nil
}
