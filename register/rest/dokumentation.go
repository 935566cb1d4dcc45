package rest

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/openapi"
	"github.com/moxkit/mox/register"
)

// Where the register's calls are described, for whoever has a key.
const (
	OpenAPISti       = "/api/v1/register/openapi.json"
	DokumentationSti = "/api/v1/register/dokumentation"
)

// Dokumentation answers with the OpenAPI document and with its page.
func Dokumentation() (json, side http.HandlerFunc) {
	d := openapi.New(dokumentation())
	return d.JSON, d.Side
}

const komponenter = "#/components/schemas/"

// dokumentation describes every call of [Handler]; a test holds the two against each other.
func dokumentation() openapi.API {
	a := openapi.API{
		Titel:   "MOX: registeret",
		Version: "1",
		JSON:    OpenAPISti,
		Tekst: "Sag, Dokument, Klassifikation, Organisation og de øvrige objekttyper i to tider. Læs, List og Søg kræver ret til at læse, resten ret til at skrive. " +
			"En parameter om tid er RFC 3339 med tidszone, en dato, infinity eller -infinity; registreringstid er, hvad registeret vidste, og virkningstid, hvad der gjaldt. " +
			"Et CPR-nummer må ikke stå i en adresse; brug soeg.",
		Felter:  feltbetydning(),
		Typer:   map[reflect.Type]openapi.Skema{reflect.TypeFor[mox.ObjektType](): openapi.Kodeliste(mox.ObjektTyper()...)},
		Skemaer: map[string]openapi.Skema{"Uuid": {"type": "object", "properties": js{"uuid": js{"type": "string", "format": "uuid"}}, "required": []string{"uuid"}, "additionalProperties": false}},
	}
	b := skemabygger{komponenter}
	for navn, s := range b.faelles() {
		a.Skemaer[navn] = s.(js)
	}
	for _, navn := range mox.ObjektTyper() {
		t, _ := mox.TypeAf(navn)
		a.Skemaer[string(navn)] = b.registrering(t, true)
		a.Skemaer[string(navn)+"Rettelse"] = rettelse(b, t)
		a.Skemaer[string(navn)+"Laest"] = laestObjekt(b, t)
		a.Kald = append(a.Kald, kaldAf(t)...)
	}
	a.Kald = append(a.Kald, inspektion()...)
	for i := range a.Kald {
		a.Kald[i].Parametre = append(a.Kald[i].Parametre, iHeader(register.FormaalHeader, "hvorfor; gemmes i loggen over, hvem der har læst og skrevet, og kan være krævet")...)
	}
	a.Kald = append(a.Kald, forvaltningskald()...)
	return a
}

// forvaltningskald are the calls of [Forvaltning].
func forvaltningskald() []openapi.Kald {
	const emne = "Personers oplysninger"
	kald := func(navn, resume string, krop any, eksempel string, svar openapi.Indhold) openapi.Kald {
		return openapi.Kald{Metode: "POST", Sti: ForvaltningSti + navn, Navn: navn, Emne: emne, Resume: resume, Tekst: "Kun for en administrator.",
			Krop: []openapi.Indhold{{Type: "application/json", Form: krop, Eksempel: eksempel}}, Svar: []openapi.Svar{{Status: 200, Tekst: "Svaret.", Indhold: []openapi.Indhold{svar}}}}
	}
	aendret := openapi.Indhold{Type: "application/json", Form: Personsvar{}, Eksempel: `{"aendret": true}`}
	const person = `{"person": "6b8e7a10-0000-4000-8000-0000000000f1", "begrundelse": "afgørelse 7"}`
	return []openapi.Kald{
		kald("brug", "Hvem der har læst og skrevet hvad, de nyeste først", Brugskald{}, `{"person": "6b8e7a10-0000-4000-8000-0000000000f1", "antal": 10}`, openapi.Indhold{Type: "application/json", Form: Brugssvar{}}),
		kald("beskyt", "Skjul, hvilke objekter der nævner en person", Personkald{}, person, aendret),
		kald("ophaev", "Ophæv en persons beskyttelse", Personkald{}, person, aendret),
		kald("indsigt", "Det, der er om en person, og hvem der har set det, som en zip-fil", Indsigtskald{}, `{"personer": ["6b8e7a10-0000-4000-8000-0000000000f1"], "formaal": "anmodning 3"}`,
			openapi.Indhold{Type: "application/zip", Skema: openapi.Bytes()}),
		kald("glemte", "Det, der er slettet for altid, og om de, der havde fået det, har bekræftet", Glemtekald{}, `{"aabne": true, "antal": 10}`, openapi.Indhold{Type: "application/json", Form: Glemtesvar{}}),
		kald("bekraeft-sletning", "En persons ord for, at en modtager har slettet et objekt", Bekraeftkald{}, `{"objekt": "6b8e7a10-0000-4000-8000-0000000000f1", "abonnement": "esdh.sager", "begrundelse": "pr. telefon"}`,
			openapi.Indhold{Type: "application/json", Form: Glemtesvar{}}),
	}
}

// rettelse is the body of Ret. What may be cleared may also be the empty text, so values are told less closely.
func rettelse(b skemabygger, t *mox.Type) openapi.Skema {
	liste := js{"type": "object", "additionalProperties": js{"type": "array"}}
	ud := js{"note": js{"type": "string"}, "livscyklus": js{"const": "Passiv", "description": "passiver objektet"},
		"attributter": liste, "tilstande": liste, "relationer": liste, "lokaludvidelser": js{"type": "object"}}
	if t.Varianter {
		ud["varianter"] = js{"type": "array"}
	}
	s := lukket(ud)
	s["description"] = "Kun det, der ændres, i samme form som " + string(t.Navn) + ": en tom tekst rydder, en tom liste fjerner alle af det navn, og det, der ikke er der, er uændret."
	return s
}

// laestObjekt is an objekt as it is read.
func laestObjekt(b skemabygger, t *mox.Type) openapi.Skema {
	r := b.registrering(t, false)
	delete(r, "title")
	return lukket(js{"id": js{"type": "string", "format": "uuid"}, "registreringer": js{"type": "array", "items": r}}, "id", "registreringer")
}

func iSti(navn, tekst string, eksempel any) openapi.Parameter {
	return openapi.Parameter{Navn: navn, I: "path", Tekst: tekst, Skema: openapi.Tekst(), Eksempel: eksempel}
}

func iQuery(par ...string) (ud []openapi.Parameter) {
	for i := 0; i < len(par); i += 2 {
		ud = append(ud, openapi.Parameter{Navn: par[i], I: "query", Tekst: par[i+1], Skema: openapi.Tekst()})
	}
	return ud
}

func iHeader(par ...string) (ud []openapi.Parameter) {
	for i := 0; i < len(par); i += 2 {
		ud = append(ud, openapi.Parameter{Navn: par[i], I: "header", Tekst: par[i+1], Skema: openapi.Tekst()})
	}
	return ud
}

func tider() []openapi.Parameter {
	return iQuery("virkningstid", "hvad der gælder da", "virkningfra", "hvad der gælder fra da", "virkningtil", "og til da",
		"registreringstid", "hvad registeret vidste da", "registreretfra", "hver registrering fra da", "registrerettil", "og til da")
}

func skrivehoveder() []openapi.Parameter {
	return iHeader("If-Match", "den ETag, der skal gælde; ellers 412", "Idempotency-Key", "kaldets eget navn; det samme igen udføres ikke", "Prefer", "return=representation giver objektet tilbage")
}

// eksempelUUID is the objekt of a type's examples.
func eksempelUUID(t *mox.Type) string { return mox.AfledUUID(nil, "eksempel", string(t.Navn)) }

// kaldAf are the calls about one type.
func kaldAf(t *mox.Type) []openapi.Kald {
	n, sti, id := string(t.Navn), "/"+t.Service+"/"+t.Sti, eksempelUUID(t)
	uuid := func() []openapi.Parameter {
		return []openapi.Parameter{iSti("uuid", "objektets UUID", id)}
	}
	json := func(skema, eksempel string) []openapi.Indhold {
		return []openapi.Indhold{{Type: "application/json", Skema: openapi.Ref(skema), Eksempel: eksempel}}
	}
	svar := func(status int, tekst string, s openapi.Skema, eksempel string) []openapi.Svar {
		return []openapi.Svar{{Status: status, Tekst: tekst, Indhold: []openapi.Indhold{{Type: "application/json", Skema: s, Eksempel: eksempel}}}}
	}
	glemt := func(tekst string) []openapi.Svar {
		return []openapi.Svar{{Status: 200, Tekst: tekst, Indhold: []openapi.Indhold{{Type: "application/json", Form: Glemsvar{}}}}}
	}
	denne := svar(200, "Objektets UUID.", openapi.Ref("Uuid"), `{"uuid": "`+id+`"}`)
	hel := eksempelPaa(t)
	laest := openapi.Skema{"type": "object", "additionalProperties": js{"type": "array", "items": openapi.Ref(n + "Laest")}}
	fundne := openapi.Skema{"type": "object", "required": []string{"results"}, "additionalProperties": false, "properties": js{"results": js{"type": "array", "items": js{"type": "array", "items": js{}}}}}
	linjer := openapi.Indhold{Type: TypeLinjer, Skema: openapi.Skema{"description": "ét objekt på hver linje"}}
	find := svar(200, "UUID'er; eller objekter, når der kun er givet uuid og tider.", fundne, "")
	find[0].Indhold = append(find[0].Indhold, linjer)
	return []openapi.Kald{
		{Metode: "POST", Sti: sti, Navn: "opret" + n, Emne: n, Resume: "Opret", Tekst: "Et Dokuments filer sendes i samme formular; se soeg for resten.", Parametre: skrivehoveder()[1:], Krop: json(n, hel),
			Svar: svar(201, "Det nye objekts UUID.", openapi.Ref("Uuid"), `{"uuid": "`+id+`"}`)},
		{Metode: "GET", Sti: sti, Navn: "find" + n, Emne: n, Resume: "List eller Søg",
			Tekst: "Kun uuid og tider er List. Enhver anden parameter er Søg: et felt, en tilstand, en relation eller relation:objekttype; fields siger, hvilke der er. % står for hvad som helst, og \\% for tegnet selv. " +
				"Med Accept: " + TypeLinjer + " kommer objekterne selv.",
			Parametre: append(iQuery("uuid", "et objekt; kan gives flere gange", "brugervendtnoegle", "også bvn", "vilkaarligattr", "værdien af et hvilket som helst felt", "vilkaarligrel", "hvilken som helst relation til denne UUID eller URN",
				"livscykluskode", "den gældende registrerings", "brugerref", "hvem der registrerede", "notetekst", "en virknings note", "foersteresultat", "spring så mange over", "maximalantalresultater", "højst så mange"), tider()...),
			Svar: find},
		{Metode: "POST", Sti: sti + "/soeg", Navn: "soeg" + n, Emne: n, Resume: "List eller Søg med parametrene som formular", Tekst: "De samme parametre som GET. Her må et CPR-nummer stå.",
			Krop: []openapi.Indhold{{Type: "application/x-www-form-urlencoded", Skema: openapi.Skema{"description": "parametre"}, Eksempel: "vilkaarligattr=%25"}}, Svar: find},
		{Metode: "PUT", Sti: sti + "/{uuid}", Navn: "importer" + n, Emne: n, Resume: "Importer", Tekst: "Under netop denne UUID: nyt, igen efter Passiver og Slet, eller i stedet for alt, hvad der stod.",
			Parametre: append(uuid(), skrivehoveder()...), Krop: json(n, hel), Svar: denne},
		{Metode: "GET", Sti: sti + "/{uuid}", Navn: "laes" + n, Emne: n, Resume: "Læs", Tekst: "Slettet er 410, undtagen med en registreringstid før sletningen.", Parametre: append(uuid(), tider()...),
			Svar: svar(200, "Objektet, som det var, under sin UUID.", laest, "")},
		{Metode: "PATCH", Sti: sti + "/{uuid}", Navn: "ret" + n, Emne: n, Resume: "Ret eller Passiver", Parametre: append(uuid(), skrivehoveder()...), Krop: json(n+"Rettelse", `{"note": "intet ændret"}`), Svar: denne},
		{Metode: "DELETE", Sti: sti + "/{uuid}", Navn: "slet" + n, Emne: n, Resume: "Slet", Tekst: `Historikken bliver. En note kan sendes som {"note": "…"}.`, Parametre: append(uuid(), skrivehoveder()[:2]...),
			Svar: svar(202, "Objektets UUID.", openapi.Ref("Uuid"), `{"uuid": "`+id+`"}`)},
		{Metode: "GET", Sti: sti + "/{uuid}/forskel", Navn: "forskel" + n, Emne: n, Resume: "Hvad der er anderledes mellem to tider", Parametre: append(uuid(), iQuery("fra", "registreringstid; tom er den første", "til", "registreringstid; tom er nu",
			"virkningfra", "virkningstid ved fra; tom er nu", "virkningtil", "virkningstid ved til; tom er nu")...), Svar: svar(200, "Hver værdi, der er anderledes.", openapi.Skema{"type": "object"}, "")},
		{Metode: "GET", Sti: sti + "/{uuid}/glem", Navn: "kanGlemmes" + n, Emne: n, Resume: "Hvad en sletning for altid vil tage, og hvem der har fået objektet", Tekst: "Kræver ret til at slette for altid. Intet ændres. Er objektet slettet, svares med det, der er tilbage.",
			Parametre: uuid(), Svar: glemt("Hvad der vil blive slettet, eller hvad der er tilbage.")},
		{Metode: "POST", Sti: sti + "/{uuid}/glem", Navn: "glem" + n, Emne: n, Resume: "Slet for altid", Tekst: "Alle registreringer, indholdet af beskederne om objektet og de dokumenter, intet andet henviser til. Det kan ikke fortrydes, og UUID'en kan ikke bruges igen. " +
			"De, der har fået objektet, får besked om at slette det. Det samme igen svarer med det, der er tilbage. Kræver rollen administrator, eller maa_glemme i systemets tilslutningsaftale.",
			Parametre: uuid(), Krop: []openapi.Indhold{{Type: "application/json", Form: Glemkald{}, Eksempel: `{"begrundelse": "anmodning 14", "hjemmel": "databeskyttelsesforordningens artikel 17", "frist_dage": 30}`}}, Svar: glemt("Hvad der blev slettet.")},
		{Metode: "POST", Sti: sti + "/importer", Navn: "importerMange" + n, Emne: n, Resume: "Importer mange", Tekst: "Højst 500 objekter eller 32 MB. Ét, der er galt, stopper ikke de andre.",
			Krop: []openapi.Indhold{{Type: "application/json", Skema: openapi.Skema{"type": "array", "items": js{"type": "object"}}, Eksempel: `[{"id": "` + id + `", "registreringer": [` + hel + `]}]`}},
			Svar: []openapi.Svar{{Status: 200, Tekst: "Et udfald for hvert.", Indhold: []openapi.Indhold{{Type: "application/json", Form: Importsvar{}}}}}},
		{Metode: "GET", Sti: sti + "/fields", Navn: "felter" + n, Emne: n, Resume: "Typens felter, tilstande og relationer", Svar: svar(200, "Navnene.", openapi.Skema{"type": "object"}, "")},
		{Metode: "GET", Sti: sti + "/schema", Navn: "skema" + n, Emne: n, Resume: "Det, Opret og Importer tager, i JSON Schema", Svar: svar(200, "Skemaet.", openapi.Skema{"type": "object"}, "")},
	}
}

// inspektion are the calls that tell what there is, and the documents.
func inspektion() []openapi.Kald {
	const emne = "Hvad der er"
	objekt := []openapi.Svar{{Status: 200, Tekst: "Navnene.", Indhold: []openapi.Indhold{{Type: "application/json", Skema: openapi.Skema{"type": "object"}}}}}
	ud := []openapi.Kald{{Metode: "GET", Sti: "/site-map", Navn: "adresser", Emne: emne, Resume: "Alle adresser", Svar: objekt}}
	set := map[string]bool{}
	for _, navn := range mox.ObjektTyper() {
		if t, _ := mox.TypeAf(navn); !set[t.Service] {
			set[t.Service] = true
			ud = append(ud, openapi.Kald{Metode: "GET", Sti: "/" + t.Service + "/classes", Navn: "typer" + stort(t.Service), Emne: emne, Resume: "Typerne i " + t.Service, Svar: objekt})
		}
	}
	return append(ud, openapi.Kald{Metode: "GET", Sti: "/dokument/dokument/sha256/{fil}", Navn: "indhold", Emne: "Dokument", Resume: "Et dokuments bytes", Tekst: "Adressen er det, der står efter store: i indhold. Range følges.",
		Parametre: append([]openapi.Parameter{iSti("fil", "SHA-256 og .bin", eksempelFil)}, iQuery("registreringstid", "som registeret vidste da")...),
		Svar:      []openapi.Svar{{Status: 200, Tekst: "Filen.", Indhold: []openapi.Indhold{{Type: "application/octet-stream", Skema: openapi.Bytes()}}}}})
}

// eksempelFil is the address of the document "%PDF-1.7 eksempel".
const eksempelFil = "fe2eaeb7106fa0613dcbe5449a30053535a9220fe5ef539aedf1803ba6830c47.bin"

func stort(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// eksempelPaa is the smallest objekt of a type.
func eksempelPaa(t *mox.Type) string {
	const altid = `"virkning": {"from": "2026-03-02T08:15:00Z", "to": "infinity"}`
	vaerdi := map[mox.Slags]string{mox.Tekst: `"2026-17"`, mox.Dato: `"2026-03-02"`, mox.TidspunktSl: `"2026-03-02T08:15:00Z"`}
	var felter, tilstande []string
	for _, f := range t.Egenskaber().Felter {
		if f.Kraev {
			felter = append(felter, `"`+f.Navn+`": `+vaerdi[f.Slags])
		}
	}
	for _, tv := range t.Tilstande {
		tilstande = append(tilstande, `"`+tv.Navn+`": [{"`+tv.Felt+`": "`+tv.Vaerdi[0]+`", `+altid+`}]`)
	}
	return `{"note": "fra byggesagssystemet", "attributter": {"` + t.Egenskaber().Navn + `": [{` + strings.Join(append(felter, altid), ", ") + `}]}, "tilstande": {` + strings.Join(tilstande, ", ") + `}}`
}

// feltbetydning tells what each name in the answers means.
func feltbetydning() map[string]string {
	return map[string]string{"uuid": "objektets UUID", "svar": "et udfald for hvert objekt", "udfald": "den livscykluskode, der blev registreret, Uaendret, eller intet ved en fejl", "fejl": "hvad der er galt",
		"type": "fejlens slags", "title": "det samme for alle fejl af slagsen", "status": "HTTP-status", "detail": "hvad der er galt", "kode": "hvad et program handler efter", "raad": "hvad man gør nu",
		"felter": "hver regel, der er brudt", "message": "detail igen, som LoRas klienter læser", "sti": "hvor", "regel": "hvilken", "tekst": "hvad der er galt", "spec": "hvad der kræver det",
		"brug": "linjer af loggen", "id": "linjens nummer", "tid": "hvornår", "hvem": "nøglens eller personens navn", "system": "systemet; mangler for en person", "rolle": "den kaldendes", "operation": "hvad der blev gjort",
		"objekttype": "objektets type", "objekt": "objektets UUID; mangler for en søgning", "formaal": "hvorfor, med den kaldendes ord", "antal": "fundne, læste eller højst så mange", "person": "CPR-nummer eller UUID", "personer": "det, personen kendes på",
		"begrundelse": "hvorfor; gemmes", "aendret": "om det var anderledes før", "slettet": "objektet er slettet for altid; ellers er svaret, hvad en sletning vil tage", "allerede": "det var det før dette kald", "slettede": "hvad der blev taget, eller vil blive det", "glemt": "det, der er tilbage",
		"modtagere": "hvem der har fået objektet, og hvordan det står hos dem", "fortalt_af": "systemer, der selv har fortalt om objektet; de får ingen besked", "registreringer": "objektets registreringer; antal, hvor de er slettet",
		"beskeder": "beskeder, hvis indhold blev slettet", "leveringer": "leveringer, der blev opgivet", "fejl_til_behandling": "fejl, hvis indhold blev slettet", "kilder": "kilder, hvis seneste registrering blev slettet", "dokumenter": "dokumenter, hvis bytes blev slettet",
		"hjemmel": "det retlige grundlag; det får enhver at vide, der spørger om objektet", "frist_dage": "så mange dage har modtagerne til at bekræfte; 30, når intet er sagt", "frist": "hvornår modtageren senest skal have bekræftet", "abonnement": "abonnementets id",
		"stand": "venter, bekraeftet, tager_ikke_sletning, kraever_handling eller lukket", "aarsag": "hvorfor, som det blev sagt", "overskredet": "fristen er passeret, og det er ikke afsluttet", "nr": "sletningens nummer", "aabne": "kun dem, en modtager ikke har bekræftet", "glemte": "slettede objekter, de nyeste først",
		"fra": "fra og med", "til": "indtil, og ikke med", "foer": "kun linjer før den med det nummer"}
}
