package mapping

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestValueLimit(t *testing.T) {
	t.Parallel()
	table := mustLoad(t, "{felt: A, sti: a}")
	longest := strings.Repeat("x", MaxValue)
	if oio, _, err := table.ToOIO(Record{Fields: map[string]string{"A": longest}}); err != nil || oio["a"] != longest {
		t.Errorf("in, longest: %v", err)
	}
	if fields, err := table.ToSystem(Document{OIO: map[string]string{"a": longest}}); err != nil || fields["A"] != longest {
		t.Errorf("out, longest: %v", err)
	}
	_, _, err := table.ToOIO(Record{Fields: map[string]string{"A": longest + "x"}})
	if fe := fieldError(t, err); fe.Regel != RegelLaengde {
		t.Errorf("in, longer: %v", err)
	}
	_, err = table.ToSystem(Document{OIO: map[string]string{"a": longest + "x"}})
	if fe := fieldError(t, err); fe.Regel != RegelLaengde || len(err.Error()) > 1000 {
		t.Errorf("out, longer: %v", err)
	}
	_, _, err = computed(t, `post["A"] + post["A"]`).ToOIO(Record{Fields: map[string]string{"A": longest}})
	if fe := fieldError(t, err); fe.Regel != RegelLaengde {
		t.Errorf("computed, longer: %v", err)
	}
}

// One field to two paths comes back from the first that has a value.
func TestFieldWithTwoPaths(t *testing.T) {
	t.Parallel()
	table := mustLoad(t, "{felt: NR, sti: sagsnummer, kraevet: ja}\n{felt: NR, sti: noegle}")
	gives := func(oio map[string]string, want map[string]any) {
		t.Helper()
		got, err := table.ToSystem(Document{OIO: oio})
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%v gives %v, %v, want %v", oio, got, err, want)
		}
	}
	gives(map[string]string{"sagsnummer": "1", "noegle": "2"}, map[string]any{"NR": "1"})
	gives(map[string]string{"noegle": "2"}, map[string]any{"NR": "2"})
	_, err := table.ToSystem(Document{OIO: map[string]string{}})
	if fe := fieldError(t, err); fe.Regel != RegelKraevet {
		t.Error(err)
	}
}

// A required field is not missing where the path tells of another kind of party.
func TestRequiredAlternatives(t *testing.T) {
	t.Parallel()
	table := mustLoad(t, `{felt: CPR, sti: part, praefiks: "urn:cpr:", kraevet: ja}
		{felt: CVR, sti: part, praefiks: "urn:cvr:"}
		{felt: ALT, sti: part, retning: ud}`)
	oio, _, err := table.ToOIO(Record{Fields: map[string]string{"CVR": "1"}})
	if err != nil || oio["part"] != "urn:cvr:1" {
		t.Fatalf("in: %v, %v", oio, err)
	}
	got, err := table.ToSystem(Document{OIO: oio})
	if want := map[string]any{"CVR": "1", "ALT": "urn:cvr:1"}; err != nil || !maps.Equal(got, want) {
		t.Errorf("out: %v, %v, want %v", got, err, want)
	}
	if _, _, err := table.ToOIO(Record{Fields: map[string]string{}}); err == nil {
		t.Error("neither of the alternatives given, and no error")
	}
}

// Only restricts what is written, and also what is required and what is computed.
func TestOnly(t *testing.T) {
	t.Parallel()
	table := mustLoad(t, "{felt: NR, sti: nr, kraevet: ja}\n{felt: STATUS, sti: status}\n{felt: KILDE, fast_felt: 7, type: heltal}",
		"beregnede:\n  - {felt: EMNE, starlark: 'oio[\"titel\"]'}")
	doc := Document{OIO: map[string]string{"status": "x"}, Only: []string{"STATUS"}}
	if got, err := table.ToSystem(doc); err != nil || !maps.Equal(got, map[string]any{"STATUS": "x"}) {
		t.Errorf("got %v, %v", got, err)
	}
	doc.Only = []string{"KILDE", "STATUS"}
	if got, err := table.ToSystem(doc); err != nil || !maps.Equal(got, map[string]any{"STATUS": "x", "KILDE": int64(7)}) {
		t.Errorf("got %v, %v", got, err)
	}
	doc.Only = nil
	_, err := table.ToSystem(doc)
	var errs *Errors
	if !errors.As(err, &errs) || len(errs.Fields) != 2 {
		t.Errorf("without Only: %v, want that NR is missing and EMNE fails", err)
	}
}

// An unknown reference is told apart from a fault, and a fault is told first: waiting does not mend it.
func TestUnknownReference(t *testing.T) {
	t.Parallel()
	table := mustLoad(t, "{felt: SAG, sti: sag, noegle: Sag, maks: 5}\n{felt: DOK, sti: dok, noegle: Dokument}\n{felt: N, sti: n, type: heltal}")
	const ref = "99999999-2222-4333-8444-555555555555"
	doc := Document{OIO: map[string]string{"sag": ref, "dok": ref}}
	_, err := table.ToSystem(doc)
	var unknown *UnknownReference
	if !errors.As(err, &unknown) || unknown.Objekttype != "Sag" || unknown.Ref != ref || unknown.Felt != "SAG" || unknown.Line != 4 {
		t.Errorf("without Keys: %#v", err)
	}
	wantText(t, err.Error(), ref)
	doc.Keys = func(objekttype, ref string) (string, bool) { return objekttype + "-nr", objekttype == "Dokument" }
	doc.Only = []string{"DOK"}
	if got, err := table.ToSystem(doc); err != nil || got["DOK"] != "Dokument-nr" {
		t.Errorf("got %v, %v", got, err)
	}
	doc.Only, doc.OIO["n"] = nil, "x"
	_, err = table.ToSystem(doc)
	if fe := fieldError(t, err); fe.Felt != "N" || errors.As(err, &unknown) {
		t.Errorf("fault and unknown reference: %v", err)
	}
	doc.Only, doc.Keys = []string{"SAG"}, func(string, string) (string, bool) { return "123456", true }
	_, err = table.ToSystem(doc)
	if fe := fieldError(t, err); fe.Regel != RegelLaengde {
		t.Errorf("key over maks: %v", err)
	}
}

func TestReference(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"1", "2024:17", "noegle:Sag:1", " æ "} {
		typ, got, ok := ParseReference(Reference("Sag", key))
		if typ != "Sag" || got != key || !ok {
			t.Errorf("%q comes back as %q, %q, %v", key, typ, got, ok)
		}
	}
	for _, value := range []string{"", "noegle:", "noegle:Sag", "noegle:Sag:", "noegle::1", "11111111-2222-4333-8444-555555555555"} {
		if _, _, ok := ParseReference(value); ok {
			t.Errorf("%q is taken for a reference", value)
		}
	}
}

func TestVirkning(t *testing.T) {
	t.Parallel()
	from := func(table *Table, record map[string]string) string {
		t.Helper()
		_, at, err := table.ToOIO(Record{Fields: record})
		if err != nil {
			t.Fatal(err)
		}
		if at == nil {
			return ""
		}
		return at.Format(time.RFC3339)
	}
	ofRow := mustLoad(t, "{felt: FRA, sti: a}\n{felt: FRA, sti: b, type: dato, format: dd-mm-åååå, fjern: ' ', standard: 01-01-2000}", "virkning: {fra: FRA}")
	if got := from(ofRow, map[string]string{"FRA": " 01-07-2024"}); got != "2024-07-01T00:00:00+02:00" {
		t.Errorf("by its row: %q", got)
	}
	if got := from(ofRow, nil); got != "2000-01-01T00:00:00+01:00" {
		t.Errorf("by its row's default: %q", got)
	}
	own := mustLoad(t, "{felt: A, sti: a}", "virkning: {fra: FRA, type: tidspunkt}")
	if got := from(own, map[string]string{"FRA": "2024-07-01T10:00:00Z"}); got != "2024-07-01T12:00:00+02:00" {
		t.Errorf("by its own type: %q", got)
	}
	if got := from(own, map[string]string{"FRA": ""}); got != "" {
		t.Errorf("absent: %q", got)
	}
	for name, table := range map[string]*Table{"row": ofRow, "own": own} {
		_, _, err := table.ToOIO(Record{Fields: map[string]string{"FRA": "snart"}})
		var errs *Errors
		if !errors.As(err, &errs) || len(errs.Fields) != 1 || errs.Fields[0].Felt != "FRA" {
			t.Errorf("%s, wrong value: %v, want it said once", name, err)
		}
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	table := mustLoad(t, `{felt: NR, sti: sagsnummer}
		{felt: NR, sti: noegle}
		{felt: IND, sti: ind, retning: ind}
		{felt: UD, sti: ud, retning: ud}
		{sti: fast, fast: B}
		{felt: KILDE, fast_felt: MOX}`,
		"virkning: {fra: FRA, type: dato}",
		`beregnede: [{sti: beregnet, starlark: 'post["X"] + post.get("Y", "") + post["X"]'}, {felt: EMNE, starlark: 'oio["titel"]'}]`)
	for d, want := range map[Direction][]string{
		Ind:   {"NR", "IND", "X", "Y", "FRA"},
		Ud:    {"NR", "UD", "KILDE", "EMNE"},
		Begge: {"NR", "IND", "UD", "KILDE", "X", "Y", "EMNE", "FRA"},
	} {
		if diff := cmp.Diff(want, table.LocalFields(d)); diff != "" {
			t.Errorf("LocalFields(%v):\n%s", d, diff)
		}
	}
	for d, want := range map[Direction][]string{
		Ind:   {"sagsnummer", "noegle", "ind", "fast", "beregnet"},
		Ud:    {"sagsnummer", "noegle", "ud", "titel"},
		Begge: {"sagsnummer", "noegle", "ind", "ud", "fast", "beregnet", "titel"},
	} {
		if diff := cmp.Diff(want, table.OIOPaths(d)); diff != "" {
			t.Errorf("OIOPaths(%v):\n%s", d, diff)
		}
	}
	for path, want := range map[string]string{"sagsnummer": "NR", "noegle": "NR", "ud": "UD", "ind": "", "fast": "", "titel": ""} {
		if got, ok := table.FieldFor(path); got != want || ok != (want != "") {
			t.Errorf("FieldFor(%s) = %q, %v", path, got, ok)
		}
	}
	if table.Name() != "sag" || table.File() != "sag.yaml" || table.Objekttype() != "Sag" {
		t.Errorf("name %q, file %q, objekttype %q", table.Name(), table.File(), table.Objekttype())
	}
}

// What Rows gives is a copy: whoever changes it changes nothing.
func TestRowsAreCopies(t *testing.T) {
	t.Parallel()
	table := mustLoad(t, "{felt: A, sti: a, koder: {X: Y}}")
	rows := table.Rows()
	if rows[0].Line != 4 || rows[0].Felt != "A" || rows[0].Type != Tekst {
		t.Errorf("row %+v", rows[0])
	}
	rows[0].Koder[0].OIO = "changed"
	if table.Rows()[0].Koder[0].OIO != "Y" {
		t.Error("the table was changed through its rows")
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	table := mustLoad(t, `{felt: CPR, sti: cpr, fjern: "-"}
		{felt: V, sti: v, type: heltal}
		{felt: KODE, sti: k, koder: {A: X, B: X}, foretrukken: [B]}
		{felt: REF, sti: r, noegle: Sag}
		{felt: STD, sti: s, standard: da}
		{felt: IND, sti: i, retning: ind, type: heltal}`)
	is := func(felt, value, want string) {
		t.Helper()
		if got := table.Canonical(felt, value); got != want {
			t.Errorf("Canonical(%s, %q) = %q, want %q", felt, value, got, want)
		}
	}
	is("CPR", "010190-1234", "0101901234")
	is("V", "+007", "7")
	is("V", "mange", "mange")
	is("KODE", "A", "B")
	is("KODE", "C", "C")
	is("REF", "2024-1", "2024-1")
	is("STD", "", "da")
	is("V", "", "")
	is("IND", "007", "007")
	is("UKENDT", "x", "x")
}

// A table is shared by all workers of an agent.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	table := mustLoad(t, "{felt: A, sti: a, type: dato, format: d/m/åååå}\n{felt: K, sti: k, koder: {J: Ja}}",
		"beregnede: [{sti: b, starlark: 'klip(post[\"A\"], 4) * 1 if False else post[\"A\"].strip()'}, {felt: B, starlark: 'oio[\"a\"]'}]")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				oio, _, err := table.ToOIO(Record{Fields: map[string]string{"A": "1/5/2024", "K": "J"}})
				if err != nil || oio["a"] != "2024-05-01" || oio["b"] != "1/5/2024" {
					t.Errorf("in: %v, %v", oio, err)
					return
				}
				if out, err := table.ToSystem(Document{OIO: oio}); err != nil || out["B"] != "2024-05-01" {
					t.Errorf("out: %v, %v", out, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestMask(t *testing.T) {
	t.Parallel()
	masks := func(s, want string) {
		t.Helper()
		if got := mask(s); got != want {
			t.Errorf("mask(%q) = %q, want %q", s, got, want)
		}
	}
	masks("0101901234", "**********")
	masks("010190-1234", "******-****")
	masks("010190 1234", "****** ****")
	masks("010190 - 1234", "****** - ****")
	masks("010190–1234", "******–****")
	masks("urn:oio:cpr-nr:0101901234 og 010190-1234", "urn:oio:cpr-nr:********** og ******-****")
	masks("x010190-12345y", "x******-*****y")
	masks("20240101120000", "**************")
	masks("٠١٠١٩٠١٢٣٤", "**********")
	masks("2024-01-31T12:00:00", "2024-01-31T12:00:00")
	masks("12345678", "12345678")
	masks("123456    7890", "123456    7890")
	masks("12-345-678-901-234", "12-345-678-901-234")
	if got := quote(strings.Repeat("æ", 100)); got != `"`+strings.Repeat("æ", 59)+`…"` {
		t.Errorf("a long value is quoted as %s", got)
	}
	const uuid = "12345678-1234-4234-8234-123456789012"
	if got := quote(uuid); got != `"`+uuid+`"` {
		t.Errorf("a UUID is quoted as %s", got)
	}
}

func TestErrorsShowTheFirst(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	record := map[string]string{}
	for _, felt := range []string{"A", "B", "C", "D", "E", "F", "G"} {
		rows.WriteString("{felt: " + felt + ", sti: " + strings.ToLower(felt) + ", type: heltal}\n")
		record[felt] = "x"
	}
	_, _, err := mustLoad(t, rows.String()).ToOIO(Record{Fields: record, Where: "ud.csv:2"})
	var errs *Errors
	if !errors.As(err, &errs) || len(errs.Fields) != 7 {
		t.Fatalf("got %v, want seven field errors", err)
	}
	wantText(t, err.Error(), "ud.csv:2: felt A = \"x\": er ikke et helt tal")
	wantText(t, err.Error(), "og 2 fejl til")
	felter := make([]string, len(errs.Fields))
	for i, f := range errs.Fields {
		felter[i] = f.Felt
	}
	if !slices.IsSorted(felter) {
		t.Errorf("errors in the order %v, want that of the table", felter)
	}
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	known := []string{"felt", "sti", "praefiks", "format"}
	for name, want := range map[string]string{
		"Felt": "mente du «felt»?", "prefiks": "mente du «praefiks»?", "frmat": "mente du «format»?",
		"helt andet": "brug en af: felt, sti, praefiks, format", strings.Repeat("x", 1000): "brug en af: felt, sti, praefiks, format",
	} {
		if got := didYouMean(name, known); got != want {
			t.Errorf("didYouMean(%s) = %q, want %q", name, got, want)
		}
	}
	if got := didYouMean("x", nil); got != "" {
		t.Errorf("of nothing: %q", got)
	}
	if got := didYouMean("zzzz", slices.Repeat([]string{"kode"}, 100)); strings.Count(got, "kode") != 25 {
		t.Errorf("a long list is not cut: %s", got)
	}
}
