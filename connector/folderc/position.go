package folderc

import (
	"encoding/json"
	"fmt"
	"slices"
)

// position is how far the source has come. It names files by content as well as by name: a file with the name of one
// that was read, and other content, is a new file.
type position struct {
	File    string     `json:"fil,omitempty"`    // being read
	Sum     string     `json:"sum,omitempty"`    // its content
	Records int        `json:"poster,omitempty"` // given of it
	Broken  int        `json:"fejl,omitempty"`   // of those, unreadable
	Read    []readFile `json:"laest,omitempty"`  // read to the end, and not yet seen gone from the folder
}

// readFile is a file that has been read to its end.
type readFile struct {
	File    string `json:"fil"`
	Sum     string `json:"sum"`
	Refused bool   `json:"afvist,omitempty"` // it could not be read to its end
}

// maxUnmoved is how many read files may be left in the folder: then moving them does not work, and reading on would make
// the position grow without end.
const maxUnmoved = 1000

func parsePosition(text string) (position, error) {
	var p position
	if text == "" {
		return p, nil
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("den gemte position kan ikke læses; er kildens type ændret? start kilden forfra: %w", err)
	}
	if p.Records < 0 || p.Broken < 0 || p.File == "" && (p.Records != 0 || p.Sum != "") {
		return position{}, fmt.Errorf("den gemte position passer ikke sammen; start kilden forfra")
	}
	return p, nil
}

func (p position) String() string {
	text, _ := json.Marshal(p) // strings and numbers cannot fail
	return string(text)
}

// has reports whether a file of that name and content has been read.
func (p position) has(name, sum string) bool {
	return slices.ContainsFunc(p.Read, func(r readFile) bool { return r.File == name && r.Sum == sum })
}

// knows reports whether a file of that name has been read, with whatever content.
func (p position) knows(name string) bool {
	return slices.ContainsFunc(p.Read, func(r readFile) bool { return r.File == name })
}

// end moves the file being read to those that have been.
func (p *position) end(refused bool) {
	p.forget(p.File)
	p.Read = append(p.Read, readFile{File: p.File, Sum: p.Sum, Refused: refused})
	p.File, p.Sum, p.Records, p.Broken = "", "", 0, 0
}

// forget drops what is known of files of that name.
func (p *position) forget(name string) {
	p.Read = slices.DeleteFunc(slices.Clone(p.Read), func(r readFile) bool { return r.File == name })
}
