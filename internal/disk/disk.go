// Package disk tells how much room there is on the disk that a folder lies on.
package disk

// Rum is the room on a disk, in bytes.
type Rum struct {
	Ledig uint64 // for one who is not root
	Ialt  uint64
	Enhed string // the same for two folders on one disk
}

// Procent is how much of it is free, in whole percent rounded down; 100 where the disk does not tell its size.
func (r Rum) Procent() int {
	if r.Ialt == 0 {
		return 100
	}
	return int(100 * float64(r.Ledig) / float64(r.Ialt))
}
