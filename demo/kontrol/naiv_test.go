package kontrol_test

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/moxkit/mox/demo/landskab"
)

// naiv is an integration as one would write it in an afternoon: it reads what Byggesag exports, calls ESDH and
// Forsendelse, and writes the answers back. It never repeats a call and remembers everything, and so does right as long as
// nothing fails.
type naiv struct {
	t          *testing.T
	byggesag   string // the folder
	esdh, ws   string // addresses
	token      string
	sager      map[string]string // case number → id in ESDH
	dokumenter map[string]string // document number → id in ESDH
	cpr        map[string]string // case number → applicant

	// glem names what is not done; nil = everything is done.
	glem func(operation, nr string) bool
}

func nyNaiv(t *testing.T, dir string, l *landskab.Landskab) *naiv {
	t.Helper()
	n := &naiv{t: t, byggesag: filepath.Join(dir, "byggesag"), esdh: "http://" + l.ESDHAdresse(), ws: "http://" + l.ForsendelseAdresse() + "/ws",
		sager: map[string]string{}, dokumenter: map[string]string{}, cpr: map[string]string{}, glem: func(string, string) bool { return false }}
	svar, err := http.PostForm(n.esdh+"/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"mox"}, "client_secret": {"hemmelig-esdh"}})
	if err != nil {
		t.Fatal(err)
	}
	defer svar.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(svar.Body).Decode(&token); err != nil {
		t.Fatal(err)
	}
	n.token = token.AccessToken
	return n
}

// overfoer carries everything that lies in ud: first the cases, for a document may be exported before its case.
func (n *naiv) overfoer() {
	n.t.Helper()
	n.overfoerHver("sag_*.csv.klar", n.sagsfil)
	n.overfoerHver("dok_*.xml.klar", n.dokumentfil)
}

// overfoerHver carries the files that match, in the order in which they were exported.
func (n *naiv) overfoerHver(moenster string, overfoer func(fil string)) {
	n.t.Helper()
	klare, err := filepath.Glob(filepath.Join(n.byggesag, "ud", moenster))
	if err != nil {
		n.t.Fatal(err)
	}
	for _, k := range klare { // Glob sorts them
		fil := strings.TrimSuffix(k, ".klar")
		overfoer(fil)
		if err := errors.Join(os.Remove(k), os.Remove(fil)); err != nil {
			n.t.Fatal(err)
		}
	}
}

func (n *naiv) laes(fil string) string {
	n.t.Helper()
	b, err := os.ReadFile(fil)
	if err != nil {
		n.t.Fatal(err)
	}
	tekst, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		n.t.Fatal(err)
	}
	return string(tekst)
}

func (n *naiv) sagsfil(fil string) {
	n.t.Helper()
	r := csv.NewReader(strings.NewReader(n.laes(fil)))
	r.Comma = ';'
	linjer, err := r.ReadAll()
	if err != nil {
		n.t.Fatal(err)
	}
	for _, l := range linjer[1:] {
		post := map[string]string{}
		for i, kolonne := range linjer[0] {
			post[kolonne] = l[i]
		}
		n.sag(post)
	}
}

func (n *naiv) sag(p map[string]string) {
	n.t.Helper()
	nr, version := p["SAGSNR"], p["VERSION"]
	n.cpr[nr] = p["ANSOEGER_CPR"]
	krop := map[string]any{"title": p["TITEL"], "description": p["BESKRIVELSE"], "kle": p["KLE"], "ourReference": nr, "revision": n.tal(version),
		"applicant": map[string]string{"cpr": p["ANSOEGER_CPR"]}, "caseWorker": p["SAGSBEHANDLER"],
		"status": map[string]string{"OPR": "open", "OPL": "open", "AFG": "decided", "TRK": "withdrawn"}[p["STATUS"]]}
	if n.glem("journal", nr) {
		return
	}
	metode, sti := http.MethodPost, "/api/v2/cases"
	if id := n.sager[nr]; id != "" {
		metode, sti = http.MethodPut, sti+"/"+id
	}
	svar := n.kald(metode, sti, krop)
	n.sager[nr] = fmt.Sprint(svar["id"])
	n.svar("journal", nr, version, "NR;VERSION;JOURNALNR", svar["caseNumber"])
	if n.glem("brev", nr) {
		return
	}
	brev := n.soap("SendBrev", "Reference", nr+"-"+version, "Sagsnummer", nr, "Revision", version, "Journalnummer", fmt.Sprint(svar["caseNumber"]),
		"ModtagerCpr", p["ANSOEGER_CPR"], "Emne", p["TITEL"], "Tekst", "Din sag er journaliseret.")
	n.afsendt(nr, version, brev["AfsendtDato"], brev["ForsendelsesId"])
}

func (n *naiv) dokumentfil(fil string) {
	n.t.Helper()
	d := xml.NewDecoder(strings.NewReader(n.laes(fil)))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // laes has decoded it
	var alle struct {
		Dokument []dokument
	}
	if err := d.Decode(&alle); err != nil {
		n.t.Fatal(err)
	}
	for _, x := range alle.Dokument {
		n.dokument(x)
	}
}

type dokument struct {
	Nr                          string `xml:"Nr,attr"`
	Version                     string `xml:"Version,attr"`
	Sagsnr, Titel, Retning, Fil string
}

func (n *naiv) dokument(x dokument) {
	n.t.Helper()
	indhold, err := os.ReadFile(filepath.Join(n.byggesag, "ud", filepath.FromSlash(x.Fil)))
	if err != nil {
		n.t.Fatal(err)
	}
	if n.glem("journal", x.Nr) {
		return
	}
	metode, sti := http.MethodPost, "/api/v2/cases/"+n.sager[x.Sagsnr]+"/documents"
	if id := n.dokumenter[x.Nr]; id != "" {
		metode, sti = http.MethodPut, "/api/v2/documents/"+id
	}
	svar := n.kald(metode, sti, map[string]any{"title": x.Titel, "contentBase64": indhold, "ourReference": x.Nr, "revision": n.tal(x.Version)})
	n.dokumenter[x.Nr] = fmt.Sprint(svar["id"])
	n.svar("journal", x.Nr, x.Version, "NR;VERSION;JOURNALNR", svar["documentNumber"])
	if x.Retning != "UD" || n.glem("brev", x.Nr) {
		return
	}
	brev := n.soap("SendRekommanderet", "ModtagerCpr", n.cpr[x.Sagsnr], "Emne", x.Titel, "Dokumentnummer", x.Nr, "Revision", x.Version,
		"Journalnummer", fmt.Sprint(svar["documentNumber"]), "Indhold", base64.StdEncoding.EncodeToString(indhold))
	n.afsendt(x.Nr, x.Version, brev["AfsendtDato"], brev["Stregkode"])
}

func (n *naiv) afsendt(nr, version, dato, id string) {
	n.t.Helper()
	d := strings.Split(dato, "-")
	n.svar("afsendt", nr, version, "NR;VERSION;AFSENDT;BREVID", d[2]+"-"+d[1]+"-"+d[0]+";"+id)
}

// svar writes one answer file.
func (n *naiv) svar(operation, nr, version, kolonner string, vaerdi any) {
	n.t.Helper()
	if n.glem("tilbage:"+operation, nr) {
		return
	}
	navn := fmt.Sprintf("%s_%s_%s.csv", operation, nr, version)
	tmp := filepath.Join(n.byggesag, "ind", navn+".tmp")
	tekst := fmt.Sprintf("%s\r\n%s;%s;%v\r\n", kolonner, nr, version, vaerdi)
	if err := errors.Join(os.WriteFile(tmp, []byte(tekst), 0o600), os.Rename(tmp, strings.TrimSuffix(tmp, ".tmp"))); err != nil {
		n.t.Fatal(err)
	}
}

func (n *naiv) tal(s string) int {
	n.t.Helper()
	v, err := strconv.Atoi(s)
	if err != nil {
		n.t.Fatal(err)
	}
	return v
}

// kald calls ESDH, and wants success.
func (n *naiv) kald(metode, sti string, krop any) (svar map[string]any) {
	n.t.Helper()
	b, err := json.Marshal(krop)
	if err != nil {
		n.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(n.t.Context(), metode, n.esdh+sti, bytes.NewReader(b))
	if err != nil {
		n.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+n.token)
	d := json.NewDecoder(bytes.NewReader(n.send(r)))
	d.UseNumber()
	if err := d.Decode(&svar); err != nil {
		n.t.Fatal(err)
	}
	return svar
}

// soap calls Forsendelse with names and values in turn, and gives the elements of its answer.
func (n *naiv) soap(operation string, felter ...string) map[string]string {
	n.t.Helper()
	var krop strings.Builder
	for i := 0; i < len(felter); i += 2 {
		var tekst bytes.Buffer
		_ = xml.EscapeText(&tekst, []byte(felter[i+1])) // a bytes.Buffer never fails
		fmt.Fprintf(&krop, "<%s>%s</%[1]s>", felter[i], &tekst)
	}
	r, err := http.NewRequestWithContext(n.t.Context(), http.MethodPost, n.ws, strings.NewReader(`<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><`+
		operation+` xmlns="http://forsendelse.example/ws/2019">`+krop.String()+`</`+operation+`></e:Body></e:Envelope>`))
	if err != nil {
		n.t.Fatal(err)
	}
	r.SetBasicAuth("mox", "hemmelig-post")
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("SOAPAction", `""`)
	return elementer(n.t, n.send(r))
}

// elementer are the texts of the innermost elements, by local name.
func elementer(t *testing.T, b []byte) map[string]string {
	t.Helper()
	ud := map[string]string{}
	navn := ""
	for d := xml.NewDecoder(bytes.NewReader(b)); ; {
		switch x, err := d.Token(); x := x.(type) {
		case xml.StartElement:
			navn = x.Name.Local
		case xml.CharData:
			if navn != "" {
				ud[navn] += string(x)
			}
		case xml.EndElement:
			navn = ""
		default:
			if err == io.EOF {
				maps.DeleteFunc(ud, func(_, v string) bool { return strings.TrimSpace(v) == "" })
				return ud
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (n *naiv) send(r *http.Request) []byte {
	n.t.Helper()
	svar, err := http.DefaultClient.Do(r)
	if err != nil {
		n.t.Fatal(err)
	}
	defer svar.Body.Close()
	b, err := io.ReadAll(svar.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	if svar.StatusCode/100 != 2 {
		n.t.Fatalf("%s %s: %s: %s", r.Method, r.URL, svar.Status, b)
	}
	return b
}
