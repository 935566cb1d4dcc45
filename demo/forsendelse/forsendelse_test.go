package forsendelse

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// morgen is a point in time that is the next day in Denmark.
func morgen() time.Time { return time.Date(2026, 7, 2, 22, 30, 0, 0, time.UTC) }

func start(t testing.TB, opts Options) (*System, *httptest.Server) {
	t.Helper()
	opts.Now = morgen
	s, err := Open(t.TempDir(), opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		server.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, server
}

// kuvert is a request with krop in the default namespace of the service.
func kuvert(operation, felter string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="` + nsSOAP + `"><e:Header><x xmlns="urn:x"><y/></x></e:Header><e:Body>
  <!-- et kald --><` + operation + ` xmlns="` + nsWS + `">` + felter + `</` + operation + `>
</e:Body></e:Envelope>`
}

// elementer is names and texts in turn as elements.
func elementer(navneOgTekster ...string) string {
	var b bytes.Buffer
	for i := 0; i < len(navneOgTekster); i += 2 {
		b.WriteString("<" + navneOgTekster[i] + ">")
		xml.EscapeText(&b, []byte(navneOgTekster[i+1])) // a bytes.Buffer never fails
		b.WriteString("</" + navneOgTekster[i] + ">")
	}
	return b.String()
}

func sendBrev(reference, cpr string) string {
	return kuvert("SendBrev", elementer("Reference", reference, "Sagsnummer", "2026-01234", "Revision", "2",
		"Journalnummer", "BYG-2026-00012", "ModtagerCpr", cpr, "Emne", "Afgørelse", "Tekst", "Kære ansøger\n<&>"))
}

func sendRekommanderet(cpr, indhold string) string {
	return kuvert("SendRekommanderet", elementer("ModtagerCpr", cpr, "Emne", "Afgørelse", "Dokumentnummer", "D-000123",
		"Revision", "1", "Journalnummer", "BYG-2026-00012-003", "Indhold", indhold))
}

const cpr = "3299000017" // nobody's: there is no 32nd of any month

func anmod(t testing.TB, url, krop string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", url+"/ws", strings.NewReader(krop))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("mox", "hemmelig-post")
	r.Header.Set("Content-Type", `text/xml; charset="utf-8"`)
	return r
}

func kald(t testing.TB, r *http.Request) (status int, krop string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// svar is the text of a whole answer with krop in its body.
func svar(krop string) string {
	return xml.Header + `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>` + krop + `</soap:Body></soap:Envelope>`
}

func vent(t *testing.T, r *http.Request, status int, krop string) {
	t.Helper()
	if gotStatus, got := kald(t, r); gotStatus != status || got != svar(krop) {
		t.Fatalf("%d %s\nwant %d %s", gotStatus, got, status, svar(krop))
	}
}

func ventFault(t *testing.T, r *http.Request, kode string) {
	t.Helper()
	status, krop := kald(t, r)
	var got struct {
		Fault struct {
			Kode  string `xml:"faultcode"`
			Tekst string `xml:"faultstring"`
		} `xml:"Body>Fault"`
	}
	if err := xml.Unmarshal([]byte(krop), &got); err != nil || status != 500 || got.Fault.Kode != kode || got.Fault.Tekst == "" {
		t.Errorf("%d %v %s, want %s", status, err, krop, kode)
	}
}

// logget gives the lines of the log.
func logget(t *testing.T, s *System) (linjer []string) {
	t.Helper()
	rows, err := s.db.Query(`SELECT operation, reference, nr, revision, modtager, sha256, svar, tid FROM forsendelseslog ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var p post
		if err := rows.Scan(&p.operation, &p.reference, &p.nr, &p.revision, &p.modtager, &p.sha256, &p.svar, &p.tid); err != nil {
			t.Fatal(err)
		}
		linjer = append(linjer, fmt.Sprint(p))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return linjer
}

func ventLog(t *testing.T, s *System, want ...post) {
	t.Helper()
	linjer := make([]string, len(want))
	for i, p := range want {
		linjer[i] = fmt.Sprint(p)
	}
	if got := logget(t, s); strings.Join(got, "\n") != strings.Join(linjer, "\n") {
		t.Fatalf("log:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(linjer, "\n"))
	}
}

const ns = ` xmlns="http://forsendelse.example/ws/2019"`

func brevpost(reference, svar string) post {
	return post{brevnoegle{"SendBrev", "2026-01234", 2}, reference, cpr, hexSHA256([]byte("Kære ansøger\n<&>")), svar, "2026-07-03 00:30:00"}
}

func TestSendAndFindBrev(t *testing.T) {
	s, server := start(t, Options{})
	find := func(reference string) *http.Request {
		return anmod(t, server.URL, kuvert("FindBrev", elementer("Reference", reference)))
	}
	vent(t, find("r-1"), 200, `<FindBrevResponse`+ns+`><Fundet>false</Fundet></FindBrevResponse>`)
	// Twice is two letters.
	for i := 1; i <= 2; i++ {
		vent(t, anmod(t, server.URL, sendBrev("r-1", cpr)), 200, fmt.Sprintf(`<SendBrevResponse`+ns+`><ForsendelsesId>F-%06d</ForsendelsesId>`+
			`<AfsendtDato>2026-07-03</AfsendtDato><Sagsnummer>2026-01234</Sagsnummer><Revision>2</Revision></SendBrevResponse>`, i))
	}
	vent(t, find("r-1"), 200, `<FindBrevResponse`+ns+`><Fundet>true</Fundet><ForsendelsesId>F-000002</ForsendelsesId>`+
		`<AfsendtDato>2026-07-03</AfsendtDato><Sagsnummer>2026-01234</Sagsnummer><Revision>2</Revision></FindBrevResponse>`)
	vent(t, find("r-2"), 200, `<FindBrevResponse`+ns+`><Fundet>false</Fundet></FindBrevResponse>`)
	ventLog(t, s, brevpost("r-1", "F-000001"), brevpost("r-1", "F-000002"))
	if got, err := s.Stats(t.Context()); err != nil || got != (Stats{Breve: 2}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func rekpost(svar string) post {
	return post{brevnoegle{"SendRekommanderet", "D-000123", 1}, "", cpr, hexSHA256([]byte("%PDF-1.4")), svar, "2026-07-03 00:30:00"}
}

func TestSendRekommanderet(t *testing.T) {
	s, server := start(t, Options{})
	indhold := base64.StdEncoding.EncodeToString([]byte("%PDF-1.4"))
	for _, kode := range []string{"RR000000014DK", "RR000000028DK"} {
		vent(t, anmod(t, server.URL, sendRekommanderet(cpr, indhold[:4]+"\n  "+indhold[4:])), 200, `<SendRekommanderetResponse`+ns+`><Stregkode>`+
			kode+`</Stregkode><AfsendtDato>2026-07-03</AfsendtDato><Dokumentnummer>D-000123</Dokumentnummer><Revision>1</Revision></SendRekommanderetResponse>`)
	}
	ventLog(t, s, rekpost("RR000000014DK"), rekpost("RR000000028DK"))
	if got, err := s.Stats(t.Context()); err != nil || got != (Stats{Rekommanderede: 2}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestStregkode(t *testing.T) {
	if got := stregkode(12345678); got != "RR123456785DK" {
		t.Error(got)
	}
	set := make(map[byte]bool) // every check digit comes by
	for n := range int64(100) {
		set[stregkode(n)[10]] = true
	}
	if len(set) != 10 {
		t.Errorf("%d check digits", len(set))
	}
}

func TestFaults(t *testing.T) {
	s, server := start(t, Options{})
	godtBrev := sendBrev("r", cpr)
	byt := func(gammel, ny string) string {
		if !strings.Contains(godtBrev, gammel) {
			t.Fatalf("%q is not in the letter", gammel)
		}
		return strings.Replace(godtBrev, gammel, ny, 1)
	}
	for navn, krop := range map[string]string{
		"tom":              ``,
		"ikke xml":         `hej`,
		"afbrudt":          godtBrev[:len(godtBrev)-20],
		"soap 1.2":         strings.ReplaceAll(godtBrev, nsSOAP, "http://www.w3.org/2003/05/soap-envelope"),
		"doctype":          byt(`<e:Envelope`, `<!DOCTYPE x><e:Envelope`),
		"ingen body":       `<e:Envelope xmlns:e="` + nsSOAP + `"/>`,
		"tom body":         `<e:Envelope xmlns:e="` + nsSOAP + `"><e:Body/></e:Envelope>`,
		"to operationer":   byt(`</e:Body>`, `<FindBrev`+ns+`/></e:Body>`),
		"efter body":       byt(`</e:Body>`, `</e:Body><x/>`),
		"efter kuverten":   godtBrev + "<x/>",
		"tekst imellem":    byt(`<Sagsnummer>`, `hov<Sagsnummer>`),
		"andet navnerum":   strings.ReplaceAll(godtBrev, nsWS, "urn:andet"),
		"intet navnerum":   byt(`<Sagsnummer>`, `<Sagsnummer xmlns="">`),
		"ukendt operation": kuvert("SletBrev", ""),
		"ukendt element":   byt(`<Tekst>`, `<Farve>blå</Farve><Tekst>`),
		"element i tekst":  byt(`<Tekst>`, `<Tekst><b/>`),
		"forkert orden": kuvert("SendBrev", elementer("Sagsnummer", "2026-01234", "Reference", "r", "Revision", "2",
			"Journalnummer", "BYG-2026-00012", "ModtagerCpr", cpr, "Emne", "e", "Tekst", "t")),
		"mangler et":      byt(`<Journalnummer>BYG-2026-00012</Journalnummer>`, ``),
		"tom reference":   byt(`<Reference>r<`, `<Reference> <`),
		"tomt emne":       byt(`Afgørelse`, ``),
		"tomt sagsnummer": byt(`2026-01234`, ``),
		"revision":        byt(`<Revision>2<`, `<Revision>to<`),
		"revision 0":      byt(`<Revision>2<`, `<Revision>0<`),
		"kort cpr":        sendBrev("r", "329900"),
		"bindestreg":      sendBrev("r", "329900-0017"),
		"find tom":        kuvert("FindBrev", elementer("Reference", "")),
		"find for meget":  kuvert("FindBrev", elementer("Reference", "r", "Reference", "r")),
		"find uden":       kuvert("FindBrev", ""),
		"intet indhold":   sendRekommanderet(cpr, " "),
		"ikke base64":     sendRekommanderet(cpr, "###"),
		"rek kort cpr":    sendRekommanderet("1", "AAAA"),
		"rek forkert":     kuvert("SendRekommanderet", elementer("Reference", "r")),
		"rek revision":    strings.Replace(sendRekommanderet(cpr, "AAAA"), "<Revision>1", "<Revision>-1", 1),
	} {
		t.Run(navn, func(t *testing.T) { ventFault(t, anmod(t, server.URL, krop), "soap:Client.UgyldigAnmodning") })
	}
	ventFault(t, anmod(t, server.URL, sendBrev("r", "0000990017")), "soap:Client.UkendtModtager")
	ventFault(t, anmod(t, server.URL, sendRekommanderet("0000990017", "AAAA")), "soap:Client.UkendtModtager")
	ventLog(t, s)
}

func TestInternalFault(t *testing.T) {
	s, server := start(t, Options{})
	if _, err := s.db.Exec(`DROP TABLE forsendelseslog`); err != nil {
		t.Fatal(err)
	}
	ventFault(t, anmod(t, server.URL, sendBrev("r", cpr)), "soap:Server.InternFejl")
	if got, err := s.Stats(t.Context()); err != nil || got != (Stats{}) {
		t.Errorf("%+v, %v: a letter that is not logged is not sent", got, err)
	}
}

func TestUnauthorized(t *testing.T) {
	s, server := start(t, Options{User: "u", Password: "æ:ø"})
	for _, login := range [][]string{nil, {"mox", "hemmelig-post"}, {"u", ""}, {"", "æ:ø"}} {
		r := anmod(t, server.URL, sendBrev("r", cpr))
		r.Header.Del("Authorization")
		if login != nil {
			r.SetBasicAuth(login[0], login[1])
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 401 || !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("%v: %d %v", login, resp.StatusCode, resp.Header)
		}
	}
	ventLog(t, s)
	r := anmod(t, server.URL, sendBrev("r", cpr))
	r.SetBasicAuth("u", "æ:ø")
	if status, krop := kald(t, r); status != 200 {
		t.Errorf("%d %s", status, krop)
	}
}

func TestContentType(t *testing.T) {
	s, server := start(t, Options{})
	for _, art := range []string{"", "application/json", "application/soap+xml"} {
		r := anmod(t, server.URL, sendBrev("r", cpr))
		r.Header.Set("Content-Type", art)
		if status, krop := kald(t, r); status != 415 {
			t.Errorf("%q: %d %s", art, status, krop)
		}
	}
	ventLog(t, s)
}

func TestCrashAfter(t *testing.T) {
	s, server := start(t, Options{CrashAfter: func(operation, nr string, revision int) bool {
		return operation == "SendRekommanderet" && nr == "D-000123" && revision == 1
	}})
	// A connection of its own: on one used before, http.Client might repeat a request by itself.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(anmod(t, server.URL, sendRekommanderet(cpr, "JVBERi0xLjQ=")))
	if err == nil {
		resp.Body.Close()
		t.Fatalf("got an answer: %d", resp.StatusCode)
	}
	ventLog(t, s, rekpost("RR000000014DK"))
	if status, krop := kald(t, anmod(t, server.URL, sendRekommanderet(cpr, "JVBERi0xLjQ="))); status != 200 {
		t.Errorf("%d %s", status, krop)
	}
	if status, krop := kald(t, anmod(t, server.URL, sendBrev("r", cpr))); status != 200 {
		t.Errorf("%d %s", status, krop)
	}
	ventLog(t, s, rekpost("RR000000014DK"), rekpost("RR000000028DK"), brevpost("r", "F-000001"))
}

// direkte calls the handler without a network, for tests on fake time.
func direkte(ctx context.Context, s *System, krop string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, "POST", "/ws", strings.NewReader(krop))
	r.SetBasicAuth("mox", "hemmelig-post")
	r.Header.Set("Content-Type", "text/xml")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

// aaben opens a system inside a bubble of fake time.
func aaben(t *testing.T, opts Options) *System {
	t.Helper()
	opts.Now = morgen
	s, err := Open(t.TempDir(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestDelayOutlivesTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := aaben(t, Options{Delay: time.Minute})
		ctx, opgiv := context.WithCancel(t.Context())
		begyndt := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { direkte(ctx, s, sendBrev("r", cpr)) })
		synctest.Wait()
		opgiv()
		synctest.Wait()
		ventLog(t, s) // the delay lies before the effect
		wg.Wait()
		if d := time.Since(begyndt); d != time.Minute {
			t.Errorf("took %v", d)
		}
		ventLog(t, s, brevpost("r", "F-000001"))

		s.SetDelay(time.Second)
		begyndt = time.Now()
		if w := direkte(t.Context(), s, kuvert("FindBrev", elementer("Reference", "r"))); w.Code != 200 || time.Since(begyndt) != time.Second {
			t.Errorf("%d after %v", w.Code, time.Since(begyndt))
		}
		s.SetDelay(0)
		begyndt = time.Now()
		if w := direkte(t.Context(), s, sendBrev("r", cpr)); w.Code != 200 || time.Since(begyndt) != 0 {
			t.Errorf("%d after %v", w.Code, time.Since(begyndt))
		}
	})
}

func TestCloseEndsDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := aaben(t, Options{Delay: time.Hour})
		var w *httptest.ResponseRecorder
		var wg sync.WaitGroup
		wg.Go(func() { w = direkte(t.Context(), s, sendBrev("r", cpr)) })
		synctest.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		if w.Code != 500 || !strings.Contains(w.Body.String(), kodeIntern) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := aaben(t, Options{MaxConcurrent: 2, Delay: time.Second})
		var wg sync.WaitGroup
		for i := range 2 {
			wg.Go(func() {
				if w := direkte(t.Context(), s, sendBrev(fmt.Sprint(i), cpr)); w.Code != 200 {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			})
		}
		synctest.Wait()
		if w := direkte(t.Context(), s, sendBrev("for meget", cpr)); w.Code != 500 || !strings.Contains(w.Body.String(), "soap:Server.Travlt") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		wg.Wait()
		if w := direkte(t.Context(), s, sendBrev("igen", cpr)); w.Code != 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if n := len(logget(t, s)); n != 3 {
			t.Errorf("%d letters, want 3", n)
		}
	})
}

func TestPage(t *testing.T) {
	s, server := start(t, Options{})
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, side := kald(t, r); status != 200 || !strings.Contains(side, "ikke sendt nogen breve") {
		t.Errorf("%d %s", status, side)
	}
	kald(t, anmod(t, server.URL, sendRekommanderet(cpr, "AAAA")))
	for i := range breveVist {
		kald(t, anmod(t, server.URL, sendBrev(fmt.Sprintf("r-%d", i), cpr)))
	}
	status, side := kald(t, r)
	if status != 200 || strings.Count(side, "<tr><td>") != breveVist || strings.Contains(side, cpr) ||
		!strings.Contains(side, "F-000050") || strings.Contains(side, "RR000000014DK") || !strings.Contains(side, "50 breve · 1 rekommanderede") {
		t.Errorf("%d %s", status, side)
	}
	if got, err := s.Stats(t.Context()); err != nil || got != (Stats{Breve: breveVist, Rekommanderede: 1}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func BenchmarkSendBrev(b *testing.B) {
	_, server := start(b, Options{})
	for b.Loop() {
		if status, krop := kald(b, anmod(b, server.URL, sendBrev("r", cpr))); status != 200 {
			b.Fatalf("%d %s", status, krop)
		}
	}
}
