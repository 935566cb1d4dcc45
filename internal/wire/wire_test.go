package wire

import (
	"testing"
	"time"

	"github.com/moxkit/mox"
)

func TestSekunder(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{0, time.Nanosecond, time.Millisecond, 1500 * time.Millisecond, time.Hour, MaksEfter} {
		if got := SomSekunder(d).Varighed(); got != d {
			t.Errorf("%v came back as %v", d, got)
		}
	}
}

// A wait that no call may ask for becomes the nearest that one may.
func TestVentetidensGraenser(t *testing.T) {
	t.Parallel()
	for efter, vil := range map[time.Duration]time.Duration{-1: 0, 0: 0, time.Minute: time.Minute, MaksEfter + 1: MaksEfter} {
		if u := FraUdfald(mox.Udfald{Efter: efter}).Udfald(); u.Efter != vil {
			t.Errorf("%v became %v", efter, u.Efter)
		}
	}
}
