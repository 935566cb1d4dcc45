package mapping_test

import (
	"fmt"
	"maps"
	"slices"

	"github.com/moxkit/mox/mapping"
)

const sagYAML = `
map: sag
objekttype: Sag
felter:
  - {felt: SAGSNR, sti: egenskaber.sagsnummer, kraevet: ja}
  - {felt: STATUS, sti: tilstande.fremdrift, koder: {OPR: Opstaaet, OPL: Oplyst}}
  - {felt: MODTAGET, sti: egenskaber.brevdato, type: dato, format: dd-mm-åååå}
  - {felt: VERSION, sti: egenskaber.major, type: heltal}
beregnede:
  - {sti: egenskaber.titel, starlark: 'post["TITEL"].strip()'}
`

func Example() {
	table, problems := mapping.Load("sag.yaml", []byte(sagYAML))
	for _, p := range problems {
		fmt.Println(p)
	}
	oio, _, err := table.ToOIO(mapping.Record{Where: "sag_1.csv:17", Fields: map[string]string{
		"SAGSNR": "2024-17", "STATUS": "OPL", "MODTAGET": "29-02-2024", "VERSION": "3", "TITEL": " Carport "}})
	fmt.Println(err)
	for _, path := range slices.Sorted(maps.Keys(oio)) {
		fmt.Println(path, "=", oio[path])
	}
	fields, err := table.ToSystem(mapping.Document{OIO: oio, Only: []string{"STATUS", "VERSION"}})
	fmt.Println(fields, err)
	// Output:
	// <nil>
	// egenskaber.brevdato = 2024-02-29
	// egenskaber.major = 3
	// egenskaber.sagsnummer = 2024-17
	// egenskaber.titel = Carport
	// tilstande.fremdrift = Oplyst
	// map[STATUS:OPL VERSION:3] <nil>
}

func ExampleTable_Lint() {
	table, _ := mapping.Load("sag.yaml", []byte(sagYAML))
	known := map[string]string{"egenskaber.sagsnummer": "tekst", "tilstande.fremdrift": "kode", "egenskaber.brevdato": "dato",
		"egenskaber.titel": "tekst"}
	for _, p := range table.Lint(func(path string, _ mapping.Direction) (string, bool) { kind, ok := known[path]; return kind, ok }) {
		fmt.Println(p)
	}
	// Output:
	// sag.yaml:8:5: stien "egenskaber.major" findes ikke på Sag (stier skrives som i vejledningens liste over objekttypens felter)
}

func ExampleErrors() {
	table, _ := mapping.Load("sag.yaml", []byte(sagYAML))
	_, _, err := table.ToOIO(mapping.Record{Where: "sag_1.csv:17", Fields: map[string]string{
		"SAGSNR": "2024-17", "STATUS": "OPX", "TITEL": "x"}})
	fmt.Println(err)
	// Output:
	// sag_1.csv:17: felt STATUS = "OPX": koden findes ikke i tabellen [sag.yaml:6, tilstande.fremdrift]; mente du «OPR»? – ellers tilføj koden i tabellen
}
