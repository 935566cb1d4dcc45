package oio_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
)

// tid100 is how long each of a hundred calls takes.
func tid100(b *testing.B, f func() error) time.Duration {
	b.Helper()
	start := time.Now()
	for range 100 {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start) / 100
}

// maal runs vores, and reports it beside raa: encoding/json on an equal map. The two are measured in turn, and the best
// of each is compared, so that another process on the machine does not decide.
func maal(b *testing.B, bytes int, raa, vores func() error) {
	b.Helper()
	raaOp, op := time.Hour, time.Hour
	for range 30 {
		raaOp, op = min(raaOp, tid100(b, raa)), min(op, tid100(b, vores))
	}
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	for b.Loop() {
		if err := vores(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(op), "best-ns/op")
	b.ReportMetric(float64(raaOp), "raw-ns/op")
	b.ReportMetric(float64(op)/float64(raaOp), "x-raw")
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
