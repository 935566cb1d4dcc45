package mox_test

import (
	"errors"
	"testing"

	"github.com/moxkit/mox"
)

// What a person reads has the text and the broken rules, not the operation.
func TestForklaring(t *testing.T) {
	e := &mox.Error{Kode: mox.KodeUgyldig, Op: "besked.valider", Tekst: "beskeden er ugyldig", Felter: []mox.Feltfejl{{Sti: "objektID", Tekst: "mangler"}}}
	if got, want := mox.Forklaring(e), "beskeden er ugyldig; objektID: mangler"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := mox.Forklaring(errors.New("andet")); got != "andet" {
		t.Errorf("got %q", got)
	}
}
