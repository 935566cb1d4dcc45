package disk

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// Af tells of the disk that the folder lies on.
func Af(mappe string) (Rum, error) {
	hel, err := filepath.Abs(mappe)
	if err != nil {
		return Rum{}, err
	}
	navn, err := windows.UTF16PtrFromString(hel)
	if err != nil {
		return Rum{}, err
	}
	r := Rum{Enhed: filepath.VolumeName(hel)}
	var iAltLedig uint64
	if err := windows.GetDiskFreeSpaceEx(navn, &r.Ledig, &r.Ialt, &iAltLedig); err != nil {
		return Rum{}, &os.PathError{Op: "GetDiskFreeSpaceEx", Path: hel, Err: err}
	}
	return r, nil
}
