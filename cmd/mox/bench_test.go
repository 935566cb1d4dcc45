package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBench(t *testing.T) {
	t.Parallel()
	kode, ud, fejl := moxKommando(t, "bench", "match", "--tid", "1ms", "--json")
	if kode != exitOK {
		t.Fatal(kode, fejl)
	}
	linjer := strings.Split(strings.TrimSpace(ud), "\n")
	if len(linjer) != 4 {
		t.Fatal(ud)
	}
	for _, l := range linjer {
		var r map[string]any
		if err := json.Unmarshal([]byte(l), &r); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"conditions", "name", "p50_us", "p99_us", "per_s", "ratio", "raw_per_s", "size"}, slices.Sorted(maps.Keys(r))); d != "" {
			t.Error(d)
		}
	}
	if kode, ud, _ := moxKommando(t, "bench", "match", "--tid", "1ms"); kode != exitOK || strings.Count(ud, "\n") != 5 || !strings.Contains(ud, "FORHOLD") {
		t.Errorf("%d: %s", kode, ud)
	}
}

func TestBenchAfviser(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kode int
		args []string
	}{
		{exitUgyldig, []string{"hurtighed"}},
		{exitUgyldig, []string{"match", "--tid", "-1s"}},
		{exitUgyldig, []string{"register", "--objects", "10"}},
		{exitUgyldig, []string{"rabbitmq"}},
		{exitUgyldig, []string{"accept", "--tid", "1ms", "--database", "localhost"}},
		{exitServer, []string{"accept", "--dir", "/findes/ikke"}},
		{exitBrug, []string{"register", "--objects", "mange"}},
	} {
		if kode, ud, fejl := moxKommando(t, append([]string{"bench"}, c.args...)...); kode != c.kode || ud != "" || fejl == "" {
			t.Errorf("%v: %d %s %s", c.args, kode, ud, fejl)
		}
	}
}
