package records

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox/connector"
)

func decode(t testing.TB, charset, s string) *connector.Text {
	t.Helper()
	c, err := connector.CharsetByName(charset)
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Decode([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// show reads all records and writes them as lines a person can check.
func show(r Reader) string {
	var b strings.Builder
	for {
		rec, ok := r.Next()
		if !ok {
			break
		}
		if rec.Err != nil {
			fmt.Fprintf(&b, "%v BRUDT %v: %q\n", rec.Place, rec.Err, rec.Raw)
			continue
		}
		names := make([]string, 0, len(rec.Fields))
		for name := range rec.Fields {
			names = append(names, name)
		}
		sortNatural(names)
		fmt.Fprintf(&b, "%v", rec.Place)
		for _, name := range names {
			fmt.Fprintf(&b, " %s=%q", name, rec.Fields[name])
		}
		b.WriteString("\n")
	}
	if !r.Whole() {
		b.WriteString("ikke læst til ende\n")
	}
	return b.String()
}

func sortNatural(names []string) {
	for i := range names {
		for j := i; j > 0 && connector.NaturalCompare(names[j], names[j-1]) < 0; j-- {
			names[j], names[j-1] = names[j-1], names[j]
		}
	}
}

// dialogue is an input and what is read from it.
type dialogue struct{ name, charset, in, want string }

func run(t *testing.T, dialogues []dialogue, read func(*connector.Text) Reader) {
	t.Helper()
	for _, d := range dialogues {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			want := strings.ReplaceAll(strings.TrimPrefix(d.want, "\n"), "\t", "")
			if diff := cmp.Diff(want, show(read(decode(t, d.charset, d.in)))); diff != "" {
				t.Errorf("%q (-want +got):\n%s", d.in, diff)
			}
		})
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	run(t, []dialogue{
		{"Plain", "windows-1252", "nr;navn\r\n1;\xC6r\xF8\r\n2;\r\n", `
			f:2 navn="Ærø" nr="1"
			f:3 navn="" nr="2"
			`},
		{"Quoted", "utf-8", "nr;navn\n1;\"a;\"\"b\"\"\r\nc\"\n2;\"\"\n3;x", `
			f:2 navn="a;\"b\"\nc" nr="1"
			f:4 navn="" nr="2"
			f:5 navn="x" nr="3"
			`},
		{"EmptyLines", "utf-8", "\n\nnr;navn\n\n1;a\n\r\n2;b\n\n", `
			f:5 navn="a" nr="1"
			f:7 navn="b" nr="2"
			`},
		{"OldMac", "utf-8", "nr;navn\r1;a\r2;b", `
			f:2 navn="a" nr="1"
			f:3 navn="b" nr="2"
			`},
		{"NamelessColumn", "utf-8", "nr; navn ;\n1;a;\n", `
			f:2 #3="" navn="a" nr="1"
			`},
		{"WrongNumberOfFields", "utf-8", "nr;navn\n1\n2;æ;b;c\n3;d\n", `
			f:2:2 BRUDT linjen har 1 felter; der skal være 2: "1\n"
			f:3:5 BRUDT linjen har 4 felter; der skal være 2: "2;æ;b;c\n"
			f:4 navn="d" nr="3"
			`},
		{"QuoteNotClosed", "utf-8", "nr;navn\n1;\"a\n2;b\n3;c\n", `
			f:2:3 BRUDT anførselstegnet lukkes ikke inden for 50 linjer: "1;\"a\n"
			f:3 navn="b" nr="2"
			f:4 navn="c" nr="3"
			`},
		{"QuoteClosedByTheNextOne", "utf-8", "nr;navn\n1;\"a\n2;b\n3;\"c\"\n", `
			f:2:5 BRUDT tekst efter et felt i anførselstegn; et anførselstegn i feltet skal skrives to gange: "1;\"a\n"
			f:3 navn="b" nr="2"
			f:4 navn="c" nr="3"
			`},
		{"QuoteClosedFarAway", "utf-8", "nr;navn\n1;\"a\n" + strings.Repeat("2;b\n", 50) + "3;c\"\n", `
			f:2:3 BRUDT anførselstegnet lukkes ikke inden for 50 linjer: "1;\"a\n"
			` + farAway() + `f:53:4 BRUDT anførselstegn inde i et felt, der ikke begynder med et (skriver systemet aldrig felter i anførselstegn: quote: ingen): "3;c\"\n"
			`},
		{"QuoteInside", "utf-8", "nr;navn\n1;5\" rør\n2;\"a\"b\n3;c\n", `
			f:2:4 BRUDT anførselstegn inde i et felt, der ikke begynder med et (skriver systemet aldrig felter i anførselstegn: quote: ingen): "1;5\" rør\n"
			f:3:6 BRUDT tekst efter et felt i anførselstegn; et anførselstegn i feltet skal skrives to gange: "2;\"a\"b\n"
			f:4 navn="c" nr="3"
			`},
		{"LongRowWithTooManyFields", "utf-8", "nr;navn\n1;\"a\nb\";c\n2;d\n", `
			f:3:4 BRUDT linjen har 3 felter; der skal være 2: "1;\"a\nb\";c\n"
			f:4 navn="d" nr="2"
			`},
		{"NotInCharset", "windows-1252", "nr;navn\r\n1;\xE6\x81\r\n2;\"x\ny\x81\"\r\n3;c\r\n", `
			f:2:4 BRUDT feltet "navn", tegn 4 på linjen: byten 0x81 findes ikke i windows-1252: "1;\xe6\x81\r\n"
			f:4:2 BRUDT feltet "navn", tegn 2 på linjen: byten 0x81 findes ikke i windows-1252: "2;\"x\ny\x81\"\r\n"
			f:5 navn="c" nr="3"
			`},
		{"UTF16", "utf-16le", "n\x00r\x00\n\x001\x00;\x002\x00\n\x003\x00\r\x00\n\x00", `
			f:2:3 BRUDT linjen har 2 felter; der skal være 1: "1\x00;\x002\x00\n\x00"
			f:3 nr="3"
			`},
		{"Empty", "utf-8", "", `
			f BRUDT filen er tom; der skulle være en linje med kolonnenavne (ellers: header: false og columns): ""
			ikke læst til ende
			`},
		{"OnlyHeader", "utf-8", "nr;navn\n", "\n"},
	}, func(text *connector.Text) Reader { return CSV(text, "f", CSVFormat{Separator: ';'}) })
}

func farAway() string {
	var b strings.Builder
	for i := range 50 {
		fmt.Fprintf(&b, "f:%d navn=\"b\" nr=\"2\"\n", i+3)
	}
	return b.String()
}

func TestCSVWithoutQuotes(t *testing.T) {
	t.Parallel()
	run(t, []dialogue{{"Tab", "utf-8", "1\t5\" rør\n2\t\"a\n", `
		f:1 navn="5\" rør" nr="1"
		f:2 navn="\"a" nr="2"
		`}}, func(text *connector.Text) Reader {
		return CSV(text, "f", CSVFormat{Separator: '\t', NoQuotes: true, Columns: []string{"nr", "navn"}})
	})
}

func TestNDJSON(t *testing.T) {
	t.Parallel()
	run(t, []dialogue{
		{"Lines", "utf-8", "{\"a\":1}\r\n\n{\"a\":\n{\"a\":\"\xE6\"}\n\"x\"\n{\"a\":2}", `
			f:1 a="1"
			f:3:1 BRUDT JSON slutter midt i en værdi: "{\"a\":\n"
			f:4:7 BRUDT tegn 7 på linjen: byten 0xE6 er ikke gyldig utf-8; er teksten i virkeligheden windows-1252?: "{\"a\":\"\xe6\"}\n"
			f:5 #text="x"
			f:6 a="2"
			`},
		{"Empty", "utf-8", "", "\n"},
	}, func(text *connector.Text) Reader { return NDJSON(text, "f") })
}

func TestJSON(t *testing.T) {
	t.Parallel()
	run(t, []dialogue{
		{"List", "utf-8", "{\"n\":2,\"d\":{\"x\":[1],\"s\":[\n {\"a\":1},\n {\"a\":1,\"a\":2},\n 7, null,\n {\"a\":3}\n]},\"z\":[]}", `
			f:2 a="1"
			f:3:2 BRUDT feltet "a" er der to gange: "{\"a\":1,\"a\":2}"
			f:4 #text="7"
			f:4
			f:5 a="3"
			`},
		{"NotInCharset", "utf-8", "{\"d\":{\"s\":[{\"a\":\"\xE6\"},{\"a\":1}]}}", `
			f:1:18 BRUDT tegn 18 på linjen: byten 0xE6 er ikke gyldig utf-8; er teksten i virkeligheden windows-1252?: "{\"a\":\"\xe6\"}"
			f:1 a="1"
			`},
		{"Cut", "utf-8", "{\"d\":{\"s\":[{\"a\":1},\n{\"a\":", `
			f:1 a="1"
			f:2:1 BRUDT dokumentet slutter, før JSON er færdig; er filen skrevet helt?: "{\"a\":"
			ikke læst til ende
			`},
		{"CutAfterTheList", "utf-8", "{\"d\":{\"s\":[{\"a\":1}]}", `
			f:1 a="1"
			f:1:21 BRUDT dokumentet slutter, før JSON er færdig; er filen skrevet helt?: ""
			ikke læst til ende
			`},
		{"Broken", "utf-8", "{\"d\":{\"s\":[{\"a\":1},{\"a\" 2}]}}", `
			f:1 a="1"
			f:1:20 BRUDT ikke gyldig JSON herfra: invalid character '2' after object key: "{\"a\" 2}]}}"
			ikke læst til ende
			`},
		{"Trailing", "utf-8", "{\"d\":{\"s\":[]}} x", `
			f:1:16 BRUDT ikke gyldig JSON herfra: invalid character 'x' looking for beginning of value: "x"
			ikke læst til ende
			`},
		{"Null", "utf-8", `{"d":{"s":null}}`, "\n"},
		{"Missing", "utf-8", `{"d":{"t":[]}}`, `
			f BRUDT der er ikke noget "d.s" i dokumentet; stien til listen skal rettes (element eller poster): "{\"d\":{\"t\":[]}}"
			ikke læst til ende
			`},
	}, func(text *connector.Text) Reader { return JSON(text, "f", "d.s") })
	run(t, []dialogue{
		{"RootList", "utf-8", `[{"a":1},{"a":2}]`, "\nf:1 a=\"1\"\nf:1 a=\"2\"\n"},
		{"RootObject", "utf-8", ` {"a":1} `, "\nf:1 a=\"1\"\n"},
		{"RootObjectTwice", "utf-8", `{"a":1}{"a":2}`, "\nf:1:1 BRUDT der er tekst efter JSON-dokumentet: \"{\\\"a\\\":1}\"\nikke læst til ende\n"},
	}, func(text *connector.Text) Reader { return JSON(text, "f", "") })
}

func TestXML(t *testing.T) {
	t.Parallel()
	run(t, []dialogue{
		{"List", "iso-8859-1", "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<S>\n<Sag nr=\"1\"><a>\xE6</a></Sag>\n<Sag><Sag>2</Sag></Sag><x><Sag/></x></S>", `
			f:3 @nr="1" a="æ"
			f:4 Sag="2"
			f:4
			`},
		{"Broken", "utf-8", "<S>\n<Sag>1</Sag>\n<Sag><a></b></Sag>\n<Sag>3</Sag></S>", `
			f:2 #text="1"
			f:3:13 BRUDT ikke gyldig XML: element <a> closed by </b>: "<Sag><a></b></Sag>\n<Sag>3</Sag></S>"
			ikke læst til ende
			`},
		{"NotInCharset", "utf-8", "<S><Sag>\xE6</Sag><Sag>2</Sag></S>", `
			f:1:9 BRUDT tegn 9 på linjen: byten 0xE6 er ikke gyldig utf-8; er teksten i virkeligheden windows-1252?: "<Sag>\xe6</Sag>"
			f:1 #text="2"
			`},
		{"TwoRoots", "utf-8", "<S><Sag>1</Sag></S>\n<S/>", `
			f:1 #text="1"
			f:2:5 BRUDT der er mere end ét rodelement: "<S/>"
			ikke læst til ende
			`},
		{"Cut", "utf-8", "<S><Sag>1</Sag><Sag>", `
			f:1 #text="1"
			f:1:21 BRUDT ikke gyldig XML: unexpected EOF: "<Sag>"
			ikke læst til ende
			`},
		{"EmptyList", "utf-8", "<S></S>", "\n"},
		{"Misspelt", "utf-8", "<S><sag/></S>", `
			f:1:14 BRUDT der er intet element <Sag> i dokumentet, som har <sag>; ret element (skriv forælder/navn, hvis listen kan være tom): "<S><sag/></S>"
			ikke læst til ende
			`},
	}, func(text *connector.Text) Reader { return XML(text, "f", "Sag") })
	run(t, []dialogue{
		{"Path", "utf-8", "<Sag><Liste><Sag>1</Sag></Liste><Andre><Sag>2</Sag></Andre></Sag>", "\nf:1 #text=\"1\"\n"},
		{"PathEmpty", "utf-8", "<Export><Dato/><Liste/></Export>", "\n"},
	}, func(text *connector.Text) Reader { return XML(text, "f", "Liste/Sag") })
	run(t, []dialogue{
		{"Rooted", "utf-8", "<Sag><Sag>1</Sag><x><Sag><Sag>2</Sag></Sag></x></Sag>", "\nf:1 #text=\"1\"\n"},
	}, func(text *connector.Text) Reader { return XML(text, "f", "/Sag/Sag") })
}

// checkWhole checks that no byte was left out: what is between the records' bytes is only line ends.
func checkWhole(t *testing.T, in string, after int, recs []connector.Record) {
	t.Helper()
	rest := in[after:]
	for _, r := range recs {
		i := strings.Index(rest, string(r.Raw))
		if i < 0 || strings.Trim(rest[:i], "\r\n") != "" {
			t.Fatalf("%q: the record %q is not next in %q", in, r.Raw, rest)
		}
		rest = rest[i+len(r.Raw):]
	}
	if strings.Trim(rest, "\r\n") != "" {
		t.Fatalf("%q: %q was left out", in, rest)
	}
}

func all(r Reader) (recs []connector.Record) {
	for {
		rec, ok := r.Next()
		if !ok {
			return recs
		}
		recs = append(recs, rec)
	}
}

func FuzzCSV(f *testing.F) {
	f.Add("1;\"a;\"\"b\"\"\nc\"\n2;\"\"\n3;x", "windows-1252")
	f.Add("1;\"a\n2;b\r\n\"3\";c\"\n", "utf-8")
	f.Add("1;\xE6\xF8\xE5\r2;\x81\"", "windows-1252")
	f.Fuzz(func(t *testing.T, in, charset string) {
		c, err := connector.CharsetByName(charset)
		if err != nil || strings.HasPrefix(c.String(), "utf-16") {
			return
		}
		text, err := c.Decode([]byte(in))
		if err != nil || len(in) > connector.MaxRaw {
			return
		}
		recs := all(CSV(text, "f", CSVFormat{Separator: ';', Columns: []string{"a", "b"}}))
		checkWhole(t, strings.TrimPrefix(in, "\xEF\xBB\xBF"), 0, recs)
		compareWithStandard(t, text, recs)
	})
}

// compareWithStandard checks that what encoding/csv reads without error is read as the same.
func compareWithStandard(t *testing.T, text *connector.Text, recs []connector.Record) {
	t.Helper()
	if strings.Contains(strings.ReplaceAll(text.S, "\r\n", "\n"), "\r") || len(text.Bad) > 0 {
		return // a lone CR has no meaning there
	}
	r := csv.NewReader(strings.NewReader(text.S))
	r.Comma, r.FieldsPerRecord = ';', 2
	rows, err := r.ReadAll()
	if err != nil || strings.Count(text.S, "\n") > maxQuotedLines {
		return
	}
	if len(rows) != len(recs) {
		t.Fatalf("%q: %d records, encoding/csv has %d", text.S, len(recs), len(rows))
	}
	for i, row := range rows {
		if recs[i].Err != nil || recs[i].Fields["a"] != row[0] || recs[i].Fields["b"] != row[1] {
			t.Fatalf("%q: record %d is %v, %v; encoding/csv has %q", text.S, i, recs[i].Fields, recs[i].Err, row)
		}
	}
}

func FuzzJSON(f *testing.F) {
	f.Add(`{"n":1,"s":[{"a":1},{"a":[]},null]}`, "s")
	f.Add(`[1,{"a":`, "")
	f.Fuzz(func(t *testing.T, in, path string) {
		text := decodeOrSkip(t, in)
		for _, r := range all(JSON(text, "f", path)) {
			if r.Err == nil && !strings.Contains(in, string(r.Raw)) {
				t.Fatalf("%q: the record %q is not in it", in, r.Raw)
			}
		}
	})
}

func FuzzXML(f *testing.F) {
	f.Add("<?xml version='1.0'?><S><Sag n='1'>x</Sag><Sag/></S>", "S/Sag")
	f.Add("<S><Sag></S>", "/S/Sag")
	f.Fuzz(func(t *testing.T, in, path string) {
		text := decodeOrSkip(t, in)
		for _, r := range all(XML(text, "f", path)) {
			if !strings.Contains(in, string(r.Raw)) {
				t.Fatalf("%q: the record %q is not in it", in, r.Raw)
			}
		}
	})
}

func decodeOrSkip(t *testing.T, in string) *connector.Text {
	c, err := connector.CharsetByName("utf-8")
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Decode([]byte(in))
	if err != nil {
		t.Skip("begins with the byte order mark of another charset, which Decode refuses")
	}
	return text
}

func TestRawIsCut(t *testing.T) {
	t.Parallel()
	long := "1;" + strings.Repeat("æ", connector.MaxRaw) + "\n"
	recs := all(CSV(decode(t, "utf-8", long+"2;b\n"), "f", CSVFormat{Separator: ';', Columns: []string{"a", "b"}}))
	if len(recs) != 2 || len(recs[0].Raw) != connector.MaxRaw || string(recs[1].Raw) != "2;b\n" {
		t.Errorf("%d records, the first with %d bytes", len(recs), len(recs[0].Raw))
	}
}
