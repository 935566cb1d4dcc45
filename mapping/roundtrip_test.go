package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// sample is one generated row: its YAML, a local value as the system spells it, and the value that must come back, with
// its type. The expectation is worked out here and not by the package.
type sample struct {
	yaml  string // without felt and sti
	local string
	back  any
}

// TestRoundTrip is what the package promises: whatever two-way table, whatever record it can read, the record comes back.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	copenhagen, err := time.LoadLocation(defaultZone)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.SliceOfN(rapid.OneOf(
			textSample(), prefixSample(), removeSample(), codeSample(), keySample(), intSample(), numberSample(), boolSample(),
			dateSample(), instantSample(copenhagen), isoInstantSample(copenhagen)), 1, 30).Draw(t, "rows")
		var rows strings.Builder
		record, want := map[string]string{}, map[string]any{}
		for i, s := range samples {
			felt := fmt.Sprintf("F.%d", i)
			fmt.Fprintf(&rows, "{felt: %s, sti: s.%d%s}\n", felt, i, s.yaml)
			if rapid.IntRange(0, 9).Draw(t, "absent") > 0 {
				record[felt], want[felt] = s.local, s.back
			}
		}
		roundTrip(t, tableOf(rows.String()), record, want)
	})
}

func roundTrip(t *rapid.T, src string, record map[string]string, want map[string]any) {
	table, problems := Load("sag.yaml", []byte(src))
	if table == nil {
		t.Fatalf("%s\n%s", src, problemLines(problems))
	}
	before := maps.Clone(record)
	oio, _, err := table.ToOIO(Record{Fields: record})
	if err != nil {
		t.Fatalf("in: %v\n%s", err, src)
	}
	got, err := table.ToSystem(Document{OIO: oio, Keys: testKeys})
	if err != nil {
		t.Fatalf("out: %v\n%s", err, src)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("comes back otherwise (-want +got):\n%s\n%s", diff, src)
	}
	if diff := cmp.Diff(before, record); diff != "" {
		t.Fatalf("the record was changed:\n%s", diff)
	}
	again := map[string]string{}
	for felt, v := range got {
		again[felt] = Text(v)
		if c := table.Canonical(felt, record[felt]); c != Text(v) {
			t.Fatalf("Canonical(%s, %q) = %q, but %q comes back", felt, record[felt], c, Text(v))
		}
	}
	// What came back is canonical: it gives the same document, so writing it back is no change.
	oio2, _, err := table.ToOIO(Record{Fields: again})
	if err != nil || !maps.Equal(oio, oio2) {
		t.Fatalf("a second round gives another document: %v\n%s", err, cmp.Diff(oio, oio2))
	}
}

// words are values with what tends to go wrong: blanks, quotes, colons, letters of more bytes.
func words() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom([]rune("aZ09 -:.,'\"#{}æøåÅ€\n\tñ")), 1, 20, -1)
}

func yamlQuote(s string) string { return strconv.Quote(s) }

func textSample() *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		v := words().Draw(t, "text")
		return sample{"", v, v}
	})
}

func prefixSample() *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		v := words().Draw(t, "text")
		return sample{`, praefiks: "urn:oio:kle:"`, v, v}
	})
}

func removeSample() *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		v := "x" + words().Draw(t, "text")
		return sample{`, fjern: "- "`, v, strings.NewReplacer("-", "", " ", "").Replace(v)}
	})
}

func codeSample() *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		codes := rapid.SliceOfNDistinct(words(), 1, 8, rapid.ID).Draw(t, "codes")
		var pairs []string
		for i, c := range codes {
			pairs = append(pairs, fmt.Sprintf("%s: O%d", yamlQuote(c), i))
		}
		v := rapid.SampledFrom(codes).Draw(t, "code")
		if len(codes) == 1 {
			return sample{", koder: {" + pairs[0] + "}", v, v}
		}
		// Give the last code the meaning of the first, and prefer one of the two.
		pairs[len(pairs)-1] = yamlQuote(codes[len(codes)-1]) + ": O0"
		preferred := rapid.SampledFrom([]string{codes[0], codes[len(codes)-1]}).Draw(t, "preferred")
		back := v
		if v == codes[0] || v == codes[len(codes)-1] {
			back = preferred
		}
		return sample{", koder: {" + strings.Join(pairs, ", ") + "}, foretrukken: [" + yamlQuote(preferred) + "]", v, back}
	})
}

func keySample() *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		v := words().Draw(t, "key")
		return sample{", noegle: Sag", v, v}
	})
}

func intSample() *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		n := rapid.Int64().Draw(t, "n")
		local := strconv.FormatInt(n, 10)
		switch rapid.IntRange(0, 2).Draw(t, "form") {
		case 0:
			return sample{", type: heltal, tekst: ja", local, local}
		case 1:
			if n >= 0 {
				local = "+000" + local
			}
		}
		return sample{", type: heltal", local, n}
	})
}

func numberSample() *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		whole := rapid.Int64Range(-999_999_999, 999_999_999).Draw(t, "whole")
		cents := rapid.IntRange(0, 99).Draw(t, "cents")
		comma := fmt.Sprintf("%d,%02d", whole, cents)
		if rapid.Bool().Draw(t, "comma") {
			return sample{`, type: tal, decimal: ","`, comma, comma}
		}
		point := strings.Replace(comma, ",", ".", 1)
		n, _ := strconv.ParseFloat(point, 64)
		return sample{", type: tal", point, n}
	})
}

func boolSample() *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		v := rapid.Bool().Draw(t, "v")
		switch local := strconv.FormatBool(v); rapid.IntRange(0, 2).Draw(t, "form") {
		case 0:
			return sample{", type: boolsk", local, v}
		case 1:
			return sample{", type: boolsk, tekst: ja", local, local}
		}
		local := map[bool]string{true: "J", false: "N"}[v]
		return sample{", type: boolsk, sand: J, falsk: N", local, local}
	})
}

// formats pairs our formats with Go's layouts, which are the independent judge.
func formats() map[string]string {
	return map[string]string{
		"dd-mm-åååå": "02-01-2006", "åååå-mm-dd": "2006-01-02", "yyyymmdd": "20060102", "d/m/åååå": "2/1/2006",
		"dd.mm.yyyy": "02.01.2006", "'den 'd.m.åååå": "den 2.1.2006", "ddmmåååå": "02012006",
	}
}

func dateSample() *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		day := time.Unix(rapid.Int64Range(-62_000_000_000, 253_000_000_000).Draw(t, "unix"), 0).UTC()
		format := rapid.SampledFrom(slices.Sorted(maps.Keys(formats()))).Draw(t, "format")
		local := day.Format(formats()[format])
		return sample{", type: dato, format: " + yamlQuote(format), local, local}
	})
}

func instantSample(loc *time.Location) *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		at := time.Unix(rapid.Int64Range(-62_000_000_000, 253_000_000_000).Draw(t, "unix"), 0).In(loc)
		format := rapid.SampledFrom(slices.Sorted(maps.Keys(formats()))).Draw(t, "format")
		local := at.Format(formats()[format] + " 15.04:05")
		return sample{", type: tidspunkt, format: " + yamlQuote(format+" tt.mi:ss"), local, local}
	})
}

func isoInstantSample(loc *time.Location) *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		unix, nano := rapid.Int64Range(0, 253_000_000_000).Draw(t, "unix"), rapid.Int64Range(0, 999_999_999).Draw(t, "nano")
		at := time.Unix(unix, nano)
		return sample{", type: tidspunkt", at.UTC().Format(time.RFC3339Nano), at.In(loc).Format(time.RFC3339Nano)}
	})
}
