package records

import (
	"strings"
	"testing"
)

func BenchmarkCSV(b *testing.B) {
	line := "2026-000123;\"Opførelse af carport, Søndergade 12\";27.02.00-P19;2026-03-01;\xC6r\xF8;;0\r\n"
	in := "nr;titel;kle;dato;navn;a;b\r\n" + strings.Repeat(line, 2_000)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if got := len(all(CSV(decode(b, "windows-1252", in), "f", CSVFormat{Separator: ';'}))); got != 2_000 {
			b.Fatal(got)
		}
	}
}

func BenchmarkXML(b *testing.B) {
	in := "<S>" + strings.Repeat("<Sag nr='1'><Titel>Opførelse af carport</Titel><Kle>27.02.00</Kle><Part><Navn>Ærø</Navn></Part></Sag>\n", 2_000) + "</S>"
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if got := len(all(XML(decode(b, "utf-8", in), "f", "Sag"))); got != 2_000 {
			b.Fatal(got)
		}
	}
}

func BenchmarkJSON(b *testing.B) {
	in := "[" + strings.Repeat(`{"nr":1,"titel":"Opførelse af carport","part":[{"navn":"Ærø"}]},`, 2_000) + "{}]"
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if got := len(all(JSON(decode(b, "utf-8", in), "f", ""))); got != 2_001 {
			b.Fatal(got)
		}
	}
}
