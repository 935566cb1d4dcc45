package oio_test

import (
	"encoding/json"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/oio"
)

// maal measures vores, which handles so many bytes, beside encoding/json on an equal map.
func maal(b *testing.B, bytes int, raa, vores func() error) {
	b.Helper()
	b.SetBytes(int64(bytes))
	testenv.Measure(b, raa, vores)
}

func BenchmarkRegistrering(b *testing.B) {
	id, r := byggesag(b)
	tekst, err := oio.MarshalRegistrering(mox.Sag, id, r)
	if err != nil {
		b.Fatal(err)
	}
	var kort map[string]any
	laesRaa := func() error { return json.Unmarshal(tekst, &kort) }
	b.Run("Marshal", func(b *testing.B) {
		if err := laesRaa(); err != nil {
			b.Fatal(err)
		}
		maal(b, len(tekst), func() error { _, err := json.Marshal(kort); return err },
			func() error { _, err := oio.MarshalRegistrering(mox.Sag, id, r); return err })
	})
	b.Run("Unmarshal", func(b *testing.B) {
		maal(b, len(tekst), laesRaa, func() error { _, _, _, err := oio.UnmarshalRegistrering(tekst); return err })
	})
	b.Run("UnmarshalOgValider", func(b *testing.B) {
		maal(b, len(tekst), laesRaa, func() error {
			navn, _, r, err := oio.UnmarshalRegistrering(tekst)
			if err != nil {
				return err
			}
			return r.Valider(navn)
		})
	})
}

func BenchmarkBesked(b *testing.B) {
	besked := nyBesked(b)
	tekst, err := oio.MarshalBesked(&besked)
	if err != nil {
		b.Fatal(err)
	}
	var kort map[string]any
	laesRaa := func() error { return json.Unmarshal(tekst, &kort) }
	b.Run("Marshal", func(b *testing.B) {
		if err := laesRaa(); err != nil {
			b.Fatal(err)
		}
		maal(b, len(tekst), func() error { _, err := json.Marshal(kort); return err }, func() error { _, err := oio.MarshalBesked(&besked); return err })
	})
	b.Run("Unmarshal", func(b *testing.B) {
		maal(b, len(tekst), laesRaa, func() error { _, err := oio.UnmarshalBesked(tekst); return err })
	})
	b.Run("Kontroller", func(b *testing.B) {
		maal(b, len(besked.Indhold), func() error { return json.Unmarshal(besked.Indhold, &kort) }, func() error {
			kopi := besked
			_, _, err := oio.Kontroller(&kopi)
			return err
		})
	})
	b.Run("Headers", func(b *testing.B) {
		maal(b, 0, laesRaa, func() error {
			_, err := oio.FraHeaders(oio.Headers(&besked), besked.Indholdstype, besked.Indhold)
			return err
		})
	})
}
