package pak_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/moxkit/mox/internal/pak"
)

func TestPakRundt(t *testing.T) {
	t.Parallel()
	var p pak.Pakker
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 4000).Draw(t, "tekst")
		pakket, err := p.Pak(b)
		if err != nil {
			t.Fatal(err)
		}
		if ud, err := p.Udpak(pakket); err != nil || !bytes.Equal(ud, b) {
			t.Fatalf("%q, %v", ud, err)
		}
	})
}

// TestEnSagFylderLidt has a dictionary that is of use: a case of 1 kB becomes less than a third.
func TestEnSagFylderLidt(t *testing.T) {
	t.Parallel()
	var p pak.Pakker
	sag := []byte(`{"attributter":{"sagegenskaber":[{"brugervendtnoegle":"2026-000123","beskrivelse":"Carport","kassationskode":"B","sagsnummer":"2026-000123","titel":"Carport på Åvej 3",` +
		`"virkning":{"from":"2026-03-02T08:15:00Z","to":"infinity","from_included":true,"to_included":false}}]},"tilstande":{"sagfremdrift":[{"fremdrift":"Opstaaet",` +
		`"virkning":{"from":"2026-03-02T08:15:00Z","to":"infinity","from_included":true,"to_included":false}}]},"relationer":{"ejer":[{"urn":"urn:oio:cvr-nr:12345678","objekttype":"Organisation",` +
		`"virkning":{"from":"2026-03-02T08:15:00Z","to":"infinity","from_included":true,"to_included":false}}]}}`)
	pakket, err := p.Pak(sag)
	if err != nil || len(pakket) > len(sag)/3 {
		t.Errorf("%d bytes of %d, %v", len(pakket), len(sag), err)
	}
}

func TestUdpakAfviser(t *testing.T) {
	t.Parallel()
	var p pak.Pakker
	for _, b := range []string{"ikke pakket", "\x28\xb5\x2f\xfd", strings.Repeat("x", 1000)} {
		if _, err := p.Udpak([]byte(b)); err == nil {
			t.Errorf("%q was unpacked", b)
		}
	}
}

// TestGammelPakningKanLaeses holds the dictionary and the form: what a database has is read as it was written.
func TestGammelPakningKanLaeses(t *testing.T) {
	t.Parallel()
	const pakket = "28b52ffd4500010500cd0100440130303132334361727042332d30325430383a31350b00002822ec82226c28240958b00c7a64e4aac933ac1662649b9cda7858f09b330301f43833f3"
	const vil = `{"attributter":{"sagegenskaber":[{"brugervendtnoegle":"2026-000123","beskrivelse":"Carport","kassationskode":"B","sagsnummer":"2026-000123","titel":"Carport",` +
		`"virkning":{"from":"2026-03-02T08:15:00Z","to":"infinity","from_included":true,"to_included":false}}]}}`
	b, err := hex.DecodeString(pakket)
	if err != nil {
		t.Fatal(err)
	}
	var p pak.Pakker
	if ud, err := p.Udpak(b); err != nil || string(ud) != vil {
		t.Errorf("%s, %v", ud, err)
	}
}
