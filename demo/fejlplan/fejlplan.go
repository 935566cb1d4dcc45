// Package fejlplan names the faults of a demonstration and what each of them holds back, so that the checker can tell
// what was lost from what waits for a person.
package fejlplan

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// File is the name of the plan in the demonstration's folder.
const File = "fejlplan.json"

// The faults.
const (
	ESDHNede           = "esdh_nede"           // ESDH is down for a while
	ForsendelseLangsom = "forsendelse_langsom" // Forsendelse is slow for a while
	BrudtLinje         = "brudt_linje"         // a line of a case file is cut off
	LukketSag          = "lukket_sag"          // ESDH's case was closed before the correction came
	UkendtKLE          = "ukendt_kle"          // ESDH does not know the case's KLE number
	DobbeltEksport     = "dobbelt_eksport"     // a file is exported once more
	GammelVersion      = "gammel_version"      // an old version comes after a newer one
	UvistUdfald        = "uvist_udfald"        // a letter is sent, and the answer is lost
)

// Version is one version of one case ("sag") or document ("dok").
type Version struct {
	Art     string `json:"art"`
	Nr      string `json:"nr"`
	Version int    `json:"version"`
}

func (v Version) String() string { return fmt.Sprintf("%s %s version %d", v.Art, v.Nr, v.Version) }

// Fejl is one fault.
type Fejl struct {
	Navn        string    `json:"navn"`
	Beskrivelse string    `json:"beskrivelse"`
	Holder      []Version `json:"holder,omitempty"` // what cannot be completed before a person has acted; none = it passes by itself
}

// Plan is every fault of a demonstration.
type Plan struct {
	Fejl []Fejl `json:"fejl"`
}

// Holdte gives each version that a fault holds back, with the fault's name.
func (p Plan) Holdte() map[Version]string {
	out := map[Version]string{}
	for _, f := range p.Fejl {
		for _, v := range f.Holder {
			out[v] = f.Navn
		}
	}
	return out
}

// Write writes the plan into dir.
func (p Plan) Write(dir string) error {
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, File), b, 0o644)
}

// Read reads the plan of dir.
func Read(dir string) (p Plan, err error) {
	b, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(b, &p)
}
