package pak_test

import (
	"bytes"
	"testing"

	"github.com/moxkit/mox/internal/pak"
)

func BenchmarkPak(b *testing.B) {
	var p pak.Pakker
	sag := bytes.Repeat([]byte(`{"attributter":{"sagegenskaber":[{"brugervendtnoegle":"2026-000123","titel":"Carport på Åvej 3","virkning":{"from":"2026-03-02T08:15:00Z"}}]}}`), 8)
	pakket, err := p.Pak(sag)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("pak", func(b *testing.B) {
		for b.Loop() {
			if _, err := p.Pak(sag); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("udpak", func(b *testing.B) {
		for b.Loop() {
			if _, err := p.Udpak(pakket); err != nil {
				b.Fatal(err)
			}
		}
	})
}
