package main

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/moxkit/mox/demo/kontrol"
	"github.com/moxkit/mox/demo/landskab"
)

func TestAfslutningskodenSigerDommen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		navn              string
		systemer, fortalt bool
		exit              int
	}{
		{navn: "IngenSystemer", exit: 2},
		{navn: "IntetEksporteret", systemer: true, exit: 0},
		{navn: "AltTabt", systemer: true, fortalt: true, exit: 1},
	} {
		t.Run(c.navn, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if c.systemer {
				spil(t, dir, c.fortalt)
			}
			var ud, fejl bytes.Buffer
			if exit := run([]string{"-dir", dir}, &ud, &fejl); exit != c.exit {
				t.Fatalf("it ended with %d, want %d: %s%s", exit, c.exit, &ud, &fejl)
			}
			var r kontrol.Result
			if err := json.Unmarshal(ud.Bytes(), &r); c.exit != 2 && (err != nil || (r.Tabt > 0) != c.fortalt) {
				t.Errorf("%v: %s", err, &ud)
			}
			if (fejl.Len() > 0) != (c.exit == 2) {
				t.Errorf("it complains: %s", &fejl)
			}
		})
	}
}

// spil lets the systems run for as long as the story takes, with nobody between them.
func spil(t *testing.T, dir string, fortael bool) {
	t.Helper()
	l, err := landskab.Start(t.Context(), landskab.Config{Dir: dir, Sager: 3, Periode: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if fortael {
		err = l.Play(t.Context())
	}
	if lukkefejl := l.Close(); err != nil || lukkefejl != nil {
		t.Fatal(err, lukkefejl)
	}
}

func TestForkerteFlag(t *testing.T) {
	t.Parallel()
	var ud, fejl bytes.Buffer
	if exit := run([]string{"-mappe", "x"}, &ud, &fejl); exit != 2 || fejl.Len() == 0 {
		t.Errorf("it ended with %d: %s", exit, &fejl)
	}
}
