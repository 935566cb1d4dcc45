//go:build unix

package disk

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Af tells of the disk that the folder lies on.
func Af(mappe string) (Rum, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(mappe, &s); err != nil {
		return Rum{}, &os.PathError{Op: "statfs", Path: mappe, Err: err}
	}
	var f unix.Stat_t
	if err := unix.Stat(mappe, &f); err != nil {
		return Rum{}, &os.PathError{Op: "stat", Path: mappe, Err: err}
	}
	blok := uint64(s.Bsize) // its type differs between systems
	return Rum{Ledig: uint64(s.Bavail) * blok, Ialt: uint64(s.Blocks) * blok, Enhed: fmt.Sprint(f.Dev)}, nil
}
