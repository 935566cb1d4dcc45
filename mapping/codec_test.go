package mapping

import (
	"fmt"
	"strings"
	"testing"
)

// through gives what a row makes of a local value, and of that again on the way out; "!" is an error.
func through(table *Table, local string) string {
	oio, _, err := table.ToOIO(Record{Fields: map[string]string{"A": local}})
	if err != nil {
		return "!"
	}
	return oio["a"] + " " + outOf(table, oio["a"])
}

func outOf(table *Table, oio string) string {
	fields, err := table.ToSystem(Document{OIO: map[string]string{"a": oio}})
	if err != nil {
		return "!"
	}
	return strings.TrimSpace(fmt.Sprintf("%T %v", fields["A"], fields["A"]))
}

func TestTal(t *testing.T) {
	t.Parallel()
	typed := mustLoad(t, "{felt: A, sti: a, type: tal}")
	comma := mustLoad(t, `{felt: A, sti: a, type: tal, decimal: ",", fjern: "."}`)
	forced := mustLoad(t, `{felt: A, sti: a, type: tal, decimal: ",", tekst: nej}`)
	is := func(table *Table, local, want string) {
		t.Helper()
		if got := through(table, local); got != want {
			t.Errorf("%q: %q, want %q", local, got, want)
		}
	}
	is(typed, "1.50", "1.5 float64 1.5")
	is(typed, "-0.00", "0 float64 0")
	is(typed, "+007", "7 float64 7")
	is(typed, "100", "100 float64 100")
	is(typed, "-0.5", "-0.5 float64 -0.5")
	is(typed, "1234567890.12345678", "1234567890.12345678 !")
	is(typed, strings.Repeat("9", 400), strings.Repeat("9", 400)+" !")
	is(comma, "1.234,50", "1234.50 string 1234,50")
	is(comma, "-0,00", "0.00 string 0,00")
	is(comma, strings.Repeat("9", 400), strings.Repeat("9", 400)+" string "+strings.Repeat("9", 400))
	is(forced, "1,50", "1.5 float64 1.5")
	for _, v := range []string{"1e5", "1,", ",5", "1,5", "--1", "- 1", "1 ", "0x10", "NaN", "Inf", "1.2.3", "٣", "-", "+", "+-1"} {
		is(typed, v, "!")
	}
}

func TestHeltal(t *testing.T) {
	t.Parallel()
	table := mustLoad(t, "{felt: A, sti: a, type: heltal}")
	for local, want := range map[string]string{
		"007": "7 int64 7", "+7": "7 int64 7", "-0": "0 int64 0", "9223372036854775807": "9223372036854775807 int64 9223372036854775807",
		"9223372036854775808": "!", "1_000": "!", "0x10": "!", "1.0": "!", " 1": "!", "٣": "!",
	} {
		if got := through(table, local); got != want {
			t.Errorf("%q: %q, want %q", local, got, want)
		}
	}
}

// Codes that are numbers are numbers in the system too.
func TestHeltalKoder(t *testing.T) {
	t.Parallel()
	typed := mustLoad(t, "{felt: A, sti: a, type: heltal, koder: {10: Opstaaet, -1: Oplyst}}")
	text := mustLoad(t, "{felt: A, sti: a, type: heltal, tekst: ja, koder: {10: Opstaaet}}")
	for local, want := range map[string]string{"10": "Opstaaet int64 10", "+010": "Opstaaet int64 10", "-1": "Oplyst int64 -1", "11": "!", "X": "!"} {
		if got := through(typed, local); got != want {
			t.Errorf("%q: %q, want %q", local, got, want)
		}
	}
	if got := through(text, "10") + outOf(typed, "Afgjort"); got != "Opstaaet string 10!" {
		t.Error(got)
	}
}

func TestBoolsk(t *testing.T) {
	t.Parallel()
	typed := mustLoad(t, "{felt: A, sti: a, type: boolsk, sand: J, falsk: N, tekst: nej}")
	text := mustLoad(t, "{felt: A, sti: a, type: boolsk, sand: J, falsk: N}")
	if got := through(typed, "J") + through(text, "N") + through(text, "n"); got != "true bool truefalse string N!" {
		t.Errorf("got %q", got)
	}
	if got := outOf(text, "J"); got != "!" {
		t.Errorf("a local word in the OIO document: %q", got)
	}
}

func TestTidspunktOIO(t *testing.T) {
	t.Parallel()
	iso := mustLoad(t, "{felt: A, sti: a, type: tidspunkt, format: iso}")
	local := mustLoad(t, "{felt: A, sti: a, type: tidspunkt, format: dd-mm-åå tt:mi}")
	dato := mustLoad(t, "{felt: A, sti: a, type: dato}")
	for table, values := range map[*Table]map[string]string{
		iso: {"2024-07-01T10:00:00Z": "string 2024-07-01T12:00:00+02:00", "2024-07-01T10:00:00.25Z": "string 2024-07-01T12:00:00.25+02:00",
			"0000-07-01T10:00:00Z": "!", "9999-12-31T23:30:00Z": "!", "2024-07-01T10:00:00": "!", "i dag": "!"},
		local: {"2024-07-01T10:00:00Z": "string 01-07-24 12:00", "1924-07-01T10:00:00Z": "!", "x": "!"},
		dato:  {"2024-07-01": "string 2024-07-01", "2024-07-01T10:00:00Z": "!", "2024-7-1": "!"},
	} {
		for oio, want := range values {
			if got := outOf(table, oio); got != want {
				t.Errorf("%q: %q, want %q", oio, got, want)
			}
		}
	}
	if got := through(iso, "0000-01-01T00:00:00"); got != "!" {
		t.Errorf("the year 0: %q", got)
	}
	_, err := dato.ToSystem(Document{OIO: map[string]string{"a": "2024-07-01T10:00:00Z"}})
	wantText(t, err.Error(), "brug type: tidspunkt")
}

// An empty value is an absent one everywhere: in the record, after fjern, in the document, after the prefix.
func TestEmptyIsAbsent(t *testing.T) {
	t.Parallel()
	table := mustLoad(t, `{felt: A, sti: a, type: heltal, fjern: "-"}
		{felt: B, sti: b, praefiks: "urn:"}
		{felt: C, sti: c, koder: {X: Y}}`)
	oio, _, err := table.ToOIO(Record{Fields: map[string]string{"A": "--", "B": "", "C": ""}})
	if err != nil || len(oio) != 0 {
		t.Errorf("in: %v, %v", oio, err)
	}
	fields, err := table.ToSystem(Document{OIO: map[string]string{"a": "", "c": ""}})
	if err != nil || len(fields) != 0 {
		t.Errorf("out: %v, %v", fields, err)
	}
	if _, err := table.ToSystem(Document{OIO: map[string]string{"b": "urn:"}}); err == nil {
		t.Error("a prefix with nothing after it is taken")
	}
	_, _, err = mustLoad(t, `{felt: A, sti: a, fjern: "-", kraevet: ja}`).ToOIO(Record{Fields: map[string]string{"A": "--"}})
	if fe := fieldError(t, err); fe.Regel != RegelKraevet {
		t.Error(err)
	}
}
