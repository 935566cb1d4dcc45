package store

import (
	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// Procesudvalg selects instances; empty fields select all.
type Procesudvalg struct {
	Navn     string
	Tilstand mox.ProcesTilstand
	Foer     *Proces // only instances after this one in the list: for paging
	Antal    int
}

// Processer finds instances, newest first; those that one besked started, by name.
func (tx *Tx) Processer(u Procesudvalg) ([]Proces, error) {
	var w where
	w.hvis(u.Navn, `navn = ?`)
	w.hvis(string(u.Tilstand), `tilstand = ?`)
	if f := u.Foer; f != nil {
		t := driver.Micro(f.Startet)
		w.og(`(startet < ? OR (startet = ? AND (startbesked < ? OR (startbesked = ? AND navn > ?))))`, t, t, f.Startbesked, f.Startbesked, f.Navn)
	}
	return all(tx, scanProces, `SELECT `+procesKolonner+` FROM proces`+w.sql()+` ORDER BY startet DESC, startbesked DESC, navn LIMIT ?`, append(w.args, u.Antal)...)
}
