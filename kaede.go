package mox

import (
	"crypto/sha256"
	"encoding/binary"
)

// Indholdshash is what the log keeps of a besked: SHA-256 of a random salt and the canonical bytes. Without the salt it
// tells nothing, so that a besked whose content and salt have been erased still has its place in the chain.
func Indholdshash(salt, kanonisk []byte) []byte {
	h := sha256.New()
	h.Write(salt)
	h.Write(kanonisk)
	return h.Sum(nil)
}

// Kaedeled is one link of the log's chain: the link before it (nil for the first), the logposition and the besked's
// [Indholdshash]. Whoever alters, removes or inserts a besked breaks every link from there on.
func Kaedeled(foer []byte, position int64, indholdshash []byte) []byte {
	h := sha256.New()
	h.Write(foer)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(position)))
	h.Write(indholdshash)
	return h.Sum(nil)
}
