package mox_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
)

func tegnTidspunkt(t *rapid.T, navn string) mox.Tidspunkt {
	switch n := rapid.IntRange(-4, 12).Draw(t, navn); n {
	case -4:
		return mox.MinusUendelig
	case -3:
		return mox.Uendelig
	default:
		return tidspunkt(n)
	}
}

// TestTidspunktOrden shows a total order with the two ends outermost.
func TestTidspunktOrden(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := tegnTidspunkt(t, "a"), tegnTidspunkt(t, "b"), tegnTidspunkt(t, "c")
		ab, ba := a.Sammenlign(b), b.Sammenlign(a)
		switch {
		case ab != -ba || ab < -1 || ab > 1:
			t.Fatalf("%v against %v: %d and %d", a, b, ab, ba)
		case (ab == 0) != (a == b):
			t.Fatalf("%v against %v: %d, but ==: %v", a, b, ab, a == b)
		case ab <= 0 && b.Sammenlign(c) <= 0 && a.Sammenlign(c) > 0:
			t.Fatalf("%v <= %v <= %v, and yet not", a, b, c)
		case mox.MinusUendelig.Sammenlign(a) > 0 || mox.Uendelig.Sammenlign(a) < 0:
			t.Fatalf("%v lies outside the ends", a)
		}
	})
}

func TestLaesTidspunkt(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 9")
	for s, want := range map[string]string{
		"infinity":                            "infinity",
		"-infinity":                           "-infinity",
		"2026-03-02T09:15:00+01:00":           "2026-03-02T08:15:00Z",
		"2026-03-02T09:15:00.123456789+01:00": "2026-03-02T08:15:00.123456Z",
		"2026-03-02 09:15:00+01":              "2026-03-02T08:15:00Z",
		"2026-03-02 09:15:00.5+01":            "2026-03-02T08:15:00.5Z",
		"2026-03-02 09:15:00+05:30":           "2026-03-02T03:45:00Z",
		"2026-03-02":                          "2026-03-02T00:00:00Z",
		"9999-12-31T23:59:59Z":                "9999-12-31T23:59:59Z",
		"0001-01-01T00:00:00.000001Z":         "0001-01-01T00:00:00.000001Z",
	} {
		got, err := mox.LaesTidspunkt(s)
		if err != nil || got.String() != want || !got.Angivet() {
			t.Errorf("%s: %v, %v; want %s", s, got, err, want)
		}
		if igen, err := mox.LaesTidspunkt(got.String()); err != nil || igen != got {
			t.Errorf("%s written as %s is read as %v, %v", s, got, igen, err)
		}
	}
	for _, s := range []string{"", "Infinity", "2026-03-02T09:15:00", "2026-13-02", "i dag", "0000-12-31T23:00:00Z", "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59-01:00", "10000-01-01T00:00:00Z"} {
		if got, err := mox.LaesTidspunkt(s); err == nil {
			t.Errorf("%q is read as %v", s, got)
		}
	}
	if _, err := mox.LaesTidspunkt("010190-1234"); err == nil || strings.Contains(err.Error(), "010190") {
		t.Errorf("an error shows a CPR number: %v", err)
	}
}

func TestTidspunktTid(t *testing.T) {
	t.Parallel()
	nu := time.Date(2026, 3, 2, 10, 0, 0, 1500, time.FixedZone("", 3600))
	tid, bundet := mox.Kl(nu).Tid()
	if !bundet || !tid.Equal(nu.Truncate(time.Microsecond)) || tid.Location() != time.UTC {
		t.Errorf("%v, %v", tid, bundet)
	}
	for _, x := range []mox.Tidspunkt{mox.MinusUendelig, mox.Uendelig, {}} {
		if _, bundet := x.Tid(); bundet {
			t.Errorf("%v is a moment", x)
		}
	}
	if (mox.Tidspunkt{}).Angivet() || mox.Kl(time.Time{}).Angivet() {
		t.Error("nothing is a moment")
	}
}

// TestVirkning holds the algebra of intervals against membership, day by day.
func TestVirkning(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 17")
	rapid.Check(t, func(t *rapid.T) {
		v, vFra, vTil := tegnVirkning(t)
		u, uFra, uTil := tegnVirkning(t)
		faelles := false
		for d := foersteDag; d < sidsteDag; d++ {
			iv, iu := d >= vFra && d < vTil, d >= uFra && d < uTil
			faelles = faelles || iv && iu
			if v.Indeholder(tidspunkt(d)) != iv {
				t.Fatalf("%v on day %d", v, d)
			}
			if v.Overlapper(u) && v.Snit(u).Indeholder(tidspunkt(d)) != (iv && iu) {
				t.Fatalf("%v cut with %v is %v, on day %d", v, u, v.Snit(u), d)
			}
		}
		if v.Overlapper(u) != faelles || u.Overlapper(v) != faelles {
			t.Fatalf("%v and %v overlap: %v", v, u, v.Overlapper(u))
		}
	})
	if mellem(0, 5).Overlapper(mellem(5, 9)) {
		t.Error("intervals that meet overlap")
	}
	if v := mox.Fra(tidspunkt(3)); v.Indeholder(tidspunkt(2)) || !v.Indeholder(tidspunkt(3)) || v.Til != mox.Uendelig {
		t.Errorf("%v", v)
	}
}
