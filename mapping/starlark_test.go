package mapping

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// computed loads a table of one computed path.
func computed(tb testing.TB, expression string) *Table {
	tb.Helper()
	src := "map: m\nobjekttype: Sag\nberegnede:\n  - sti: ud\n    starlark: '" + strings.ReplaceAll(expression, "'", "''") + "'\n"
	table, problems := Load("sag.yaml", []byte(src))
	if table == nil {
		tb.Fatalf("%s: %s", expression, problemLines(problems))
	}
	return table
}

func fieldError(t *testing.T, err error) *FieldError {
	t.Helper()
	var fe *FieldError
	if !errors.As(err, &fe) {
		t.Fatalf("error %v, want a FieldError", err)
	}
	return fe
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	record := map[string]string{"TITEL": " Åben carport ", "CPR": "010190-1234", "N": "3", "TOM": "", "DATO": "1/5/2024"}
	gives := func(expression, want string) {
		t.Helper()
		oio, _, err := computed(t, expression).ToOIO(Record{Fields: record})
		if err != nil {
			t.Errorf("%s: %v", expression, err)
		} else if oio["ud"] != want {
			t.Errorf("%s: %q, want %q", expression, oio["ud"], want)
		}
	}
	gives(`post["TITEL"].strip()`, "Åben carport")
	gives(`klip(post["TITEL"].strip(), 1)`, "Å")
	gives(`klip("æøå", 9)`, "æøå")
	gives(`dato(post["DATO"], "d/m/åååå", "iso")`, "2024-05-01")
	gives(`int(post["N"]) * 2.5`, "7.5")
	gives(`int(post["N"]) * 4`, "12")
	gives(`post["N"] == "3"`, "true")
	gives(`1e21`, "1000000000000000000000")
	gives(`None`, "")
	gives(`""`, "")
	gives(`post["TOM"]`, "")
	gives(`post.get("MANGLER", "nix")`, "nix")
	gives(`",".join(post.keys())`, "CPR,DATO,N,TITEL,TOM")
	gives(`",".join([k for k in sorted(post) if post[k].startswith("0")])`, "CPR")
	gives(`"%s/%d" % (post["N"], len(post["TOM"]))`, "3/0")
}

func TestExpressionFailures(t *testing.T) {
	t.Parallel()
	record := map[string]string{"CPR": "010190-1234", "N": "1000000000", "Æ": "æøå"}
	fails := func(expression, want string) {
		t.Helper()
		_, _, err := computed(t, expression).ToOIO(Record{Fields: record})
		if err == nil {
			t.Errorf("%s: no error", expression)
			return
		}
		fe := fieldError(t, err)
		wantText(t, fe.Reason, want)
		if fe.Regel != RegelUdtryk || fe.Line != 4 {
			t.Errorf("%s: rule %s in line %d", expression, fe.Regel, fe.Line)
		}
		if strings.Contains(err.Error(), "1234") {
			t.Errorf("%s: the CPR number is told: %v", expression, err)
		}
	}
	fails(`post["TITEL"]`, `key "TITEL" not in dict (5:20)`)
	fails(`int(post["CPR"])`, `base 10: ******-**** (5:19)`)
	fails(`fail("forkert nummer", post["CPR"])`, "forkert nummer ******-****")
	fails(`"x" * int(post["N"])`, "kun tal kan ganges, ikke string (5:")
	fails(`[1] * 3`, "kun tal kan ganges, ikke list")
	fails(`(1 << 100) * 2`, "et tal over 64 bit kan ikke ganges")
	fails(`1 << 100`, "udtrykket gav et helt tal over 64 bit")
	fails(`1e308 * 10.0`, "ikke et endeligt tal")
	fails(`[1]`, "udtrykket gav list")
	fails(`post["Æ"][:1]`, "skar et bogstav over")
	fails(`klip("a", -1)`, "-1 er under 0")
	fails(`dato("x", "dd-mm-åååå", "iso")`, `"x" er ikke på formen dd-mm-åååå`)
	fails(`dato("01-01-1900", "dd-mm-åååå", "dd-mm-åå")`, "årstallet 1900")
	fails(`dato("x", post["Æ"][:1], "iso")`, "kendes ikke")
	fails(`post.pop("CPR")`, "cannot delete from frozen hash table")
	fails(`len([1 for a in post["LANG"].elems() for b in post["LANG"].elems()])`, `key "LANG" not in dict`)
	record["LANG"] = strings.Repeat("x", 1000)
	fails(`len([1 for a in post["LANG"].elems() for b in post["LANG"].elems()])`, "over 100000 trin")
}

// What an expression may not do is refused before it runs.
func TestExpressionSandbox(t *testing.T) {
	t.Parallel()
	refuses := func(expression, want string) {
		t.Helper()
		wantText(t, refused(t, "map: m\nobjekttype: Sag\nberegnede:\n  - {sti: ud, starlark: '"+expression+"'}\n"), want)
	}
	for _, name := range []string{"print", "range", "set", "getattr", "hash", "dir", "load", "open", "type", "bytes", "repr"} {
		refuses(name+"(1)", "sag.yaml:4:26: udtrykket kan ikke bruges: ")
	}
	refuses(`(lambda x: x)(1)`, "lambda kan ikke bruges")
	refuses(`[(lambda x: x)(1)]`, "lambda kan ikke bruges")
	refuses(`oio["x"]`, "undefined: oio")
	refuses(`1 +`, "udtrykket kan ikke bruges: got end of file")
	refuses(`x = 1`, "udtrykket kan ikke bruges: ")
	refuses(`def f(): pass`, "udtrykket kan ikke bruges: ")
	refuses(`tal*(1)`, "undefined: tal")
	refuses(strings.Repeat("(", 200)+"1", "udtrykket kan ikke bruges: ")
}

// Starlark's positions are places in the YAML, in each of its spellings.
func TestExpressionPositions(t *testing.T) {
	t.Parallel()
	at := func(yaml, want string) {
		t.Helper()
		wantText(t, refused(t, "map: m\nobjekttype: Sag\nberegnede:\n"+yaml), want)
	}
	at("  - {sti: a, starlark: 'ukendt'}", "sag.yaml:4:25:")
	at("  - {sti: a, starlark: ukendt}", "sag.yaml:4:24:")
	at("  - sti: a\n    starlark: |\n      (1 +\n       ukendt)\n", "sag.yaml:7:")
	at("  - sti: a\n    starlark: >\n      ukendt\n", "sag.yaml:6:7:")
	at("  - sti: a\n    starlark: |\n      1 +\n      2\n", "flere linjer sættes i parentes")
}

// An expression nested as deep as its length allows is refused, and costs no stack.
func TestExpressionDepth(t *testing.T) {
	t.Parallel()
	for piece, end := range map[string]string{"(": ")", "not ": "", "-": "", "[": "]", "1 if 1 else ": "", "1 + ": "", "1 * ": ""} {
		n := (MaxExpression - 1) / (len(piece) + len(end))
		src := "map: m\nobjekttype: Sag\nberegnede:\n  - sti: ud\n    starlark: '" + strings.Repeat(piece, n) + "1" + strings.Repeat(end, n) + "'\n"
		if table, problems := Load("sag.yaml", []byte(src)); table == nil {
			wantText(t, problemLines(problems), "excessive nesting")
		} else if _, _, err := table.ToOIO(Record{}); err != nil {
			wantText(t, err.Error(), "udtryk")
		}
	}
}

func TestComputedFieldTypes(t *testing.T) {
	t.Parallel()
	table, problems := Load("sag.yaml", []byte(`map: m
objekttype: Sag
beregnede:
  - {felt: TEKST, starlark: 'oio["a"]'}
  - {felt: HELTAL, starlark: 'int(oio["a"])'}
  - {felt: TAL, starlark: 'float(oio["a"])'}
  - {felt: BOOL, starlark: 'oio["a"] == "7"'}
  - {felt: INTET, starlark: 'oio.get("b")'}
  - {felt: KORT, starlark: 'oio["lang"]', maks: 3}
`))
	if table == nil {
		t.Fatal(problemLines(problems))
	}
	got, err := table.ToSystem(Document{OIO: map[string]string{"a": "7", "lang": "æøå"}})
	want := map[string]any{"TEKST": "7", "HELTAL": int64(7), "TAL": 7.0, "BOOL": true, "KORT": "æøå"}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	_, err = table.ToSystem(Document{OIO: map[string]string{"a": "7", "lang": "æøåé"}})
	if fe := fieldError(t, err); fe.Regel != RegelLaengde || fe.Felt != "KORT" {
		t.Errorf("too long: %v", err)
	}
}

func TestComputedRequired(t *testing.T) {
	t.Parallel()
	table, problems := Load("sag.yaml", []byte(`map: m
objekttype: Sag
beregnede:
  - {sti: a, starlark: 'post.get("A")', kraevet: ja}
  - {felt: B, starlark: 'oio.get("b")', kraevet: ja}
`))
	if table == nil {
		t.Fatal(problemLines(problems))
	}
	_, _, err := table.ToOIO(Record{})
	if fe := fieldError(t, err); fe.Regel != RegelKraevet || fe.Sti != "a" {
		t.Error(err)
	}
	_, err = table.ToSystem(Document{})
	if fe := fieldError(t, err); fe.Regel != RegelKraevet || fe.Felt != "B" {
		t.Error(err)
	}
}

func TestTextOfTypes(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]any{
		"": nil, "x": "x", "-7": int64(-7), "0.1": 0.1, "true": true, "1000000000000000000000": 1e21,
		"9223372036854775807": int64(math.MaxInt64),
	} {
		if got := Text(v); got != want {
			t.Errorf("Text(%v) = %q, want %q", v, got, want)
		}
	}
	if got := Text(time.Time{}); got != "" {
		t.Errorf("Text of a foreign type = %q", got)
	}
}
