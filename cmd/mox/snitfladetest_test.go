package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/afproevning/snitflade"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/testenv"
)

// produktet is a mox serve that is tested as any vendor's product: what it is made to do, and what came of it, is asked for by
// calls that a vendor's own test interface would translate as this one does.
type produktet struct {
	*testing.T
	server
	noegle  string // of Byggesag
	lokal   string
	adresse string

	mu     sync.Mutex
	stop   func()
	sidste string // the Sag that was made last
}

// An agreement with each system: where there are any, all must have one.
const snitfladeaftale = `aftale: %s
system: %s
dataansvarlig: {navn: Eksempel Kommune, cvr: "12345678"}
databehandler: {navn: Leverandøren A/S, cvr: "87654321"}
formaal: afprøvning
hjemmel: ingen personer findes
kategorier: [ingen]
slettefrist: straks
godkendt: {af: Inge, dato: 2026-01-05}
gyldig: {fra: 2026-01-01}
maa_sende:
  - objekttyper: [Sag, Dokument]
    foelsomhed: [uoplyst]
  - beskedtyper: [Kvittering]
maa_modtage:
  - objekttyper: [Sag, Dokument]
    foelsomhed: [uoplyst, IKKE_FORTROLIGE_DATA, FOELSOMME_PERSONOPLYSNINGER]
  - beskedtyper: [Kvittering]
`

// nytProdukt starts MOX, with a broker where there is an address for it.
func nytProdukt(t *testing.T, broker string) *produktet {
	t.Helper()
	dir := t.TempDir()
	noegle, sha := auth.NyNoegle()
	skriv(t, filepath.Join(dir, "noegler.yaml"), fmt.Sprintf("- {navn: byggesag, system: Byggesag, rolle: system, sha256: %s}\n", sha))
	yaml := "fjern: {api_noegler: noegler.yaml}\npush: {tilladte_net: [127.0.0.0/8]}\nregister: {foelg: {objekttype: Sag, kildesystem: Byggesag}}\naftaler: [esdh.yaml, byggesag.yaml, register.yaml]\n"
	for _, system := range []string{"ESDH", "Byggesag", "Register"} {
		skriv(t, filepath.Join(dir, strings.ToLower(system)+".yaml"), fmt.Sprintf(snitfladeaftale, strings.ToLower(system), system))
	}
	if broker != "" {
		yaml += "amqp: {url: \"" + broker + "\", systemer: [Byggesag]}\n"
	}
	skriv(t, filepath.Join(dir, "mox.yaml"), yaml)
	p := &produktet{T: t, server: server{dir: dir, env: &env{}}, noegle: noegle}
	p.begynd("127.0.0.1:0")
	t.Cleanup(func() { p.stop() })
	var err error
	if p.adresse, p.lokal, err = p.adgang(); err != nil {
		t.Fatal(err)
	}
	return p
}

// begynd runs mox serve until stop is called.
func (p *produktet) begynd(listen string) {
	ctx, slut := context.WithCancel(p.Context())
	ud, ind := io.Pipe()
	faerdig := make(chan int, 1)
	go func() {
		kode := run(ctx, []string{"serve", "--json", "--dir", p.dir, "--listen", listen}, nil, ind, p.Output())
		_ = ind.Close() // ends the reader below when it cannot start
		faerdig <- kode
	}()
	var en sync.Once
	p.stop = func() {
		en.Do(func() {
			slut()
			if kode := <-faerdig; kode != exitOK {
				p.Errorf("mox serve ended with %d", kode)
			}
		})
	}
	var linje map[string]string
	if err := json.NewDecoder(ud).Decode(&linje); err != nil {
		p.Errorf("mox serve never told where it is: %v", err)
	}
	go func() { _, _ = io.Copy(io.Discard, ud) }() // it says no more
}

// igen starts MOX where it was.
func (p *produktet) igen() { p.begynd(strings.TrimPrefix(p.adresse, "http://")) }

// opret makes an abonnement, and gives what the receiver is to know.
func (p *produktet) opret(args ...string) (hemmelighed string) {
	p.Helper()
	kode, ud, fejl := moxKommando(p.T, append([]string{"abonnement", "opret", "--json", "--dir", p.dir}, args...)...)
	if kode != exitOK {
		p.Fatal(kode, fejl)
	}
	var o struct {
		Push struct{ Hemmelighed string }
	}
	if err := json.Unmarshal([]byte(ud), &o); err != nil {
		p.Fatal(err)
	}
	return o.Push.Hemmelighed
}

// kald calls MOX, and gives its answer.
func (p *produktet) kaldt(metode, sti, noegle, type_ string, krop []byte) (svar struct {
	UUID string
	raa  []byte
}, err error) {
	r, err := http.NewRequestWithContext(p.Context(), metode, p.adresse+sti, bytes.NewReader(krop))
	if err != nil {
		return svar, err
	}
	r.Header.Set("Authorization", "Bearer "+noegle)
	r.Header.Set("Content-Type", type_)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return svar, err
	}
	defer func() { _ = resp.Body.Close() }() // only read
	if svar.raa, err = io.ReadAll(resp.Body); err != nil {
		return svar, err
	}
	if resp.StatusCode/100 != 2 {
		return svar, fmt.Errorf("%s %s: %d %s", metode, sti, resp.StatusCode, svar.raa)
	}
	_ = json.Unmarshal(svar.raa, &svar) // an answer without uuid has none
	return svar, nil
}

const altidVirkning = `"virkning":{"from":"-infinity","to":"infinity"}`

// stimuli is MOX's register as the user of a case system would use it.
func (p *produktet) stimuli() *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := p.goer(strings.Trim(r.URL.Path, "/"), r.URL.Query())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			p.Errorf("%s: %v", r.URL.Path, err)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"objektID": id}) // the caller may be gone
	}))
	p.Cleanup(s.Close)
	return s
}

func (p *produktet) goer(hvad string, v url.Values) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch hvad {
	case "genstart", "stop", "start":
		if hvad != "start" {
			p.stop()
		}
		if hvad != "stop" {
			p.igen()
		}
		return "", nil
	case "opret", "opret_med_part", "opret_foelsom", "opret_stor", "opret_mange":
		antal := 1
		if hvad == "opret_mange" {
			antal = 20
		}
		for range antal {
			if err := p.nySag(hvad, v.Get("cpr")); err != nil {
				return "", err
			}
		}
		return p.sidste, nil
	case "opret_dokument":
		return "", p.nytDokument(v.Get("kendetegn"))
	case "opret_med_frist": // of another system, whose beskeder MOX carries
		return p.medFrist()
	case "passiver":
		return "", p.ret(`{"livscyklus":"Passiv"}`)
	case "slet":
		_, err := p.kaldt("DELETE", "/sag/sag/"+p.sidste, p.lokal, "application/json", nil)
		return "", err
	case "gem_uaendret":
		return "", p.ret(`{"attributter":{"sagegenskaber":[{"titel":"Carport, Åvej 3",` + altidVirkning + `}]}}`)
	case "ret_to_gange":
		if err := p.ret(`{"attributter":{"sagegenskaber":[{"titel":"Første rettelse",` + altidVirkning + `}]}}`); err != nil {
			return "", err
		}
	}
	return "", p.ret(`{"attributter":{"sagegenskaber":[{"titel":"Rettet",` + altidVirkning + `}]}}`)
}

func (p *produktet) ret(krop string) error {
	_, err := p.kaldt("PATCH", "/sag/sag/"+p.sidste, p.lokal, "application/json", []byte(krop))
	return err
}

func (p *produktet) nySag(hvad, cpr string) error {
	relationer := `"ejer":[{"urn":"urn:oio:cvr-nr:12345678",` + altidVirkning + `}],"primaerklasse":[{"urn":"urn:oio:kle:02.34.02",` + altidVirkning + `}]`
	switch hvad {
	case "opret_med_part":
		relationer += `,"primaerpart":[{"urn":"urn:oio:cpr-nr:` + cpr + `",` + altidVirkning + `}]`
	case "opret_foelsom":
		relationer += `,"foelsomhedsklasse":[{"urn":"urn:mox:foelsomhed:FOELSOMME_PERSONOPLYSNINGER",` + altidVirkning + `}]`
	case "opret_stor":
		andre := make([]string, 9000)
		for i := range andre {
			andre[i] = fmt.Sprintf(`{"uuid":%q,"indeks":%d,`, mox.NyUUID(), i+1) + altidVirkning + "}"
		}
		relationer += `,"andresager":[` + strings.Join(andre, ",") + "]"
	}
	svar, err := p.kaldt("POST", "/sag/sag", p.lokal, "application/json", []byte(`{"attributter":{"sagegenskaber":[{"brugervendtnoegle":"S-1","sagsnummer":"S-1","titel":"Carport, Åvej 3","beskrivelse":"b","kassationskode":"B",`+altidVirkning+`}]},"tilstande":{"sagfremdrift":[{"fremdrift":"Opstaaet",`+altidVirkning+`}]},"relationer":{`+relationer+`}}`))
	p.sidste = svar.UUID
	return err
}

func (p *produktet) nytDokument(tekst string) error {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	f, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="fil1"; filename="brev.txt"`}})
	if err == nil {
		_, err = io.WriteString(f, tekst)
	}
	if err == nil {
		err = w.WriteField("json", `{"attributter":{"dokumentegenskaber":[{"brugervendtnoegle":"D-1","beskrivelse":"b","brevdato":"2026-03-02","dokumenttype":"Brev","titel":"Brev",`+altidVirkning+`}]},`+
			`"tilstande":{"dokumentfremdrift":[{"fremdrift":"Modtaget",`+altidVirkning+`}]},"varianter":[{"varianttekst":"TXT",`+
			`"dele":[{"deltekst":"1","egenskaber":[{"indeks":1,"indhold":"field:fil1","mimetype":"text/plain",`+altidVirkning+`}]}]}]}`)
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		_, err = p.kaldt("POST", "/dokument/dokument", p.lokal, w.FormDataContentType(), b.Bytes())
	}
	return err
}

func (p *produktet) medFrist() (string, error) {
	nu := time.Now().UTC()
	b := map[string]any{"beskedID": mox.NyUUID(), "objektID": mox.NyUUID(), "objekttype": "Sag", "livscykluskode": "Opstaaet", "registreringstid": nu, "bruger": "svc",
		"objektreference": "https://byggesag.example/sag/1", "gyldigFra": nu, "gyldigTil": nu.AddDate(0, 1, 0)}
	krop, err := json.Marshal(b)
	if err == nil {
		_, err = p.kaldt("POST", "/api/v1/beskeder", p.noegle, "application/json", krop)
	}
	return fmt.Sprint(b["objektID"]), err
}

// effekt tells what MOX has made of a besked, and what its register says of an objekt. A besked that MOX has on disk has had its
// effect, but for one that was past its time and reached nobody.
func (p *produktet) effekt(w http.ResponseWriter, r *http.Request) {
	ud := struct {
		Antal int    `json:"antal"`
		Titel string `json:"titel"`
	}{}
	if svar, err := p.kaldt("GET", "/api/v1/beskeder/"+r.URL.Query().Get("beskedID"), p.noegle, "", nil); err == nil {
		var l struct {
			Beskeder []struct {
				Besked struct{ GyldigTil time.Time }
			}
		}
		if err := json.Unmarshal(svar.raa, &l); err != nil {
			p.Error(err)
		}
		for _, b := range l.Beskeder {
			udloebet := !b.Besked.GyldigTil.IsZero() && b.Besked.GyldigTil.Before(time.Now())
			if !udloebet || bytes.Contains(svar.raa, []byte(`"accepteret"`)) {
				ud.Antal++
			}
		}
	}
	if svar, err := p.kaldt("GET", "/sag/sag/"+r.URL.Query().Get("objektID"), p.lokal, "", nil); err == nil {
		if _, rest, ok := strings.Cut(string(svar.raa), `"titel":`); ok {
			if err := json.NewDecoder(strings.NewReader(rest)).Decode(&ud.Titel); err != nil {
				p.Error(err)
			}
		}
	}
	_ = json.NewEncoder(w).Encode(ud) // the caller may be gone
}

// haandtryk answers the one call by which MOX asks a receiver whether it agrees, before the test listens there.
func haandtryk(t *testing.T, l net.Listener) {
	t.Helper()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }() // MOX has its answer
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		const krop = `<ModtagBeskedOutput xmlns="urn:oio:sts:1.0.0"><StandardRetur xmlns="urn:oio:sagdok:3.0.0"><StatusKode>20</StatusKode></StandardRetur></ModtagBeskedOutput>`
		_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nWebHook-Allowed-Origin: *\r\nContent-Type: application/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(krop), krop)
	}()
}

func lytter(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // the test of the product closes it
	return l
}

// proev runs everything, and demands that nothing fails and that all that is within scope was tried.
func (p *produktet) proev(profil map[string]any, o snitflade.Options) {
	p.Helper()
	for navn, v := range map[string]any{"produkt": "MOX", "version": version, "leverandoer": "MOX", "frist": "30s", "ro": "0s"} {
		profil[navn] = v
	}
	b, err := yaml.Marshal(profil)
	if err != nil {
		p.Fatal(err)
	}
	fil := filepath.Join(p.TempDir(), "profil.yaml")
	skriv(p.T, fil, string(b))
	pr, err := snitflade.LaesProfil(fil)
	if err != nil {
		p.Fatal(err)
	}
	o.Niveau = snitflade.Udvidet
	r, err := snitflade.Koer(p.Context(), pr, o)
	if err != nil {
		p.Fatal(err)
	}
	undtaget, _ := profil["undtaget"].(map[string]string)
	for _, x := range r.Proever {
		if x.Status != snitflade.Bestaaet && undtaget[x.ID] == "" {
			p.Errorf("%s %s: %s: %s", x.ID, x.Navn, x.Status, x.Grund)
		}
	}
	p.Logf("%s: %+v", r.Omfang.Tekst(), r.Optaelling)
}

func stimuliFor(rolle snitflade.Rolle, adresse string) map[string]any {
	ud := map[string]any{}
	for navn := range snitflade.Stimulustekster(rolle) {
		ud[navn] = map[string]any{"url": adresse + "/" + navn + "?cpr={{cpr}}&kendetegn={{kendetegn}}"}
	}
	return ud
}

// MOX passes the test that it asks of others, in both roles, over both carriers and in every form.
func TestMOXBestaarSnitfladetesten(t *testing.T) {
	t.Run("afsender over HTTP", func(t *testing.T) {
		for form, vil := range map[string]snitflade.Form{"cloudevent": snitflade.Binaer, "struktureret": snitflade.Struktureret, "modtagbesked": snitflade.ModtagBesked} {
			t.Run(form, func(t *testing.T) {
				t.Parallel()
				p := nytProdukt(t, "")
				l := lytter(t)
				haandtryk(t, l)
				hemmelighed := p.opret("--id", "esdh.alt", "--system", "ESDH", "--carrier", "push", "--url", "http://"+l.Addr().String()+"/", "--form", form)
				p.proev(map[string]any{"rolle": "afsender", "carrier": "http", "system": "Register", "former": []snitflade.Form{vil}, "adgang": "signatur",
					"http": map[string]any{"lyt": l.Addr().String(), "hemmelighed": hemmelighed}, "stimulus": stimuliFor(snitflade.Afsender, p.stimuli().URL)}, snitflade.Options{Lytter: l})
			})
		}
	})
	t.Run("afsender over AMQP", func(t *testing.T) {
		t.Parallel()
		broker := testenv.RabbitMQ(t)
		l := lytter(t)
		p := nytProdukt(t, gennem(t, broker.URL, l))
		p.opret("--id", "esdh.alt", "--system", "ESDH", "--carrier", "amqp")
		p.proev(map[string]any{"rolle": "afsender", "carrier": "amqp", "system": "Register", "amqp": map[string]any{"maegler": broker.URL, "lyt": l.Addr().String(), "koe": "mox.ud.esdh.alt"},
			"stimulus": stimuliFor(snitflade.Afsender, p.stimuli().URL)}, snitflade.Options{Lytter: l})
	})
	t.Run("modtager over HTTP", func(t *testing.T) {
		t.Parallel()
		p := nytProdukt(t, "")
		l := lytter(t)
		haandtryk(t, l)
		p.opret("--id", "byggesag.kvitteringer", "--system", "Byggesag", "--carrier", "push", "--filter", `{"beskedtype":"Kvittering"}`, "--url", "http://"+l.Addr().String()+"/", "--form", "struktureret")
		p.modtager(map[string]any{"carrier": "http", "former": []snitflade.Form{snitflade.Struktureret, snitflade.Binaer, snitflade.Kuvert}, "adgang": "noegle",
			"http": map[string]any{"url": p.adresse + "/api/v1/beskeder", "noegle": p.noegle}, "kvitteringer": map[string]any{"lyt": l.Addr().String()}}, snitflade.Options{KvitteringsLytter: l})
	})
	t.Run("modtager over AMQP", func(t *testing.T) {
		t.Parallel()
		broker := testenv.RabbitMQ(t)
		l := lytter(t)
		p := nytProdukt(t, gennem(t, broker.URL, l))
		p.opret("--id", "byggesag.kvitteringer", "--system", "Byggesag", "--carrier", "amqp", "--filter", `{"beskedtype":"Kvittering"}`)
		p.modtager(map[string]any{"carrier": "amqp", "former": []snitflade.Form{snitflade.Headers, snitflade.Kuvert}, "svar": "standardretur",
			"amqp":         map[string]any{"maegler": broker.URL, "lyt": l.Addr().String(), "exchange": "mox.ind.Byggesag"},
			"kvitteringer": map[string]any{"koe": "mox.ud.byggesag.kvitteringer"}}, snitflade.Options{Lytter: l})
	})
}

// modtager tests MOX as one that receives.
func (p *produktet) modtager(profil map[string]any, o snitflade.Options) {
	p.Helper()
	e := httptest.NewServer(http.HandlerFunc(p.effekt))
	p.Cleanup(e.Close)
	profil["rolle"], profil["system"] = "modtager", "Byggesag"
	profil["stimulus"] = stimuliFor(snitflade.Modtager, p.stimuli().URL)
	profil["effekt"] = map[string]any{"metode": "GET", "url": e.URL + "/?beskedID={{beskedID}}&objektID={{objektID}}"}
	p.proev(profil, o)
}

// gennem is the broker's address over the line.
func gennem(t *testing.T, adresse string, l net.Listener) string {
	t.Helper()
	u, err := url.Parse(adresse)
	if err != nil {
		t.Fatal("the broker's address is no URL")
	}
	u.Host = l.Addr().String()
	return u.String()
}
