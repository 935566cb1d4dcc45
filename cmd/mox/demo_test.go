package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	_ "modernc.org/sqlite" // the vendors' databases

	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/testenv"
)

// koerende is a demonstration that keeps running, and the person who looks at it.
type koerende struct {
	*testing.T
	dir, adresse, link string
	server             *server
}

// startDemo runs mox demo as its user would, and waits for the line that tells where it is.
func startDemo(t *testing.T, sager int) *koerende {
	t.Helper()
	k := &koerende{T: t, dir: filepath.Join(t.TempDir(), "demo")}
	ctx, stop := context.WithCancel(t.Context())
	ud, ind := io.Pipe()
	faerdig := make(chan int, 1)
	go func() {
		kode := run(ctx, []string{"demo", "--json", "--dir", k.dir, "--listen", "127.0.0.1:0", "--sager", fmt.Sprint(sager)}, nil, ind, os.Stderr)
		_ = ind.Close() // ends the reader below when the demo cannot start
		faerdig <- kode
	}()
	t.Cleanup(func() {
		stop()
		go func() { _, _ = io.Copy(io.Discard, ud) }()
		if kode := <-faerdig; kode != exitOK {
			t.Errorf("mox demo ended with %d", kode)
		}
	})
	var hvor struct{ Adresse, Link string }
	if err := json.NewDecoder(ud).Decode(&hvor); err != nil {
		t.Fatalf("mox demo never told where it is: %v", err)
	}
	k.adresse, k.link = hvor.Adresse, hvor.Link
	k.server = &server{dir: filepath.Join(k.dir, "mox"), env: &env{}}
	return k
}

// vent looks again and again until ok, or fails.
func (k *koerende) vent(paa string, ok func() bool) {
	k.Helper()
	frist := time.After(90 * time.Second)
	t := time.NewTicker(100 * time.Millisecond)
	defer t.Stop()
	for !ok() {
		select {
		case <-t.C:
		case <-frist:
			k.Fatalf("waited in vain for %s", paa)
		}
	}
}

// fejl finds the first open Fejl that er picks.
func (k *koerende) fejl(paa string, er func(drift.Fejl) bool) drift.Fejl {
	k.Helper()
	var ud drift.Fejl
	k.vent(paa, func() bool {
		var l drift.Fejlliste
		if err := k.server.kald(k.Context(), http.MethodGet, driftsti("fejl"), nil, &l); err != nil {
			k.Fatal(err)
		}
		i := slices.IndexFunc(l.Fejl, er)
		if i >= 0 {
			ud = l.Fejl[i]
		}
		return i >= 0
	})
	return ud
}

// afsluttet waits until every process that an objekt's beskeder belong to has ended.
func (k *koerende) afsluttet(objektID string) {
	k.Helper()
	k.vent("the processes of "+objektID, func() bool {
		var f drift.Forloeb
		if err := k.server.kald(k.Context(), http.MethodGet, driftsti("forloeb", objektID), nil, &f); err != nil {
			return false // no besked yet
		}
		return len(f.Processer) > 0 && !slices.ContainsFunc(f.Processer, func(p drift.Proces) bool { return p.Tilstand != "afsluttet" })
	})
}

// laes reads one text from a vendor's database.
func (k *koerende) laes(db, query string, args ...any) (ud string) {
	k.Helper()
	d, err := sql.Open("sqlite", "file:"+filepath.Join(k.dir, "systemer", db)+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		k.Fatal(err)
	}
	defer func() { _ = d.Close() }() // it was only read
	if err := d.QueryRow(query, args...).Scan(&ud); err != nil {
		k.Fatalf("%s: %v", query, err)
	}
	return ud
}

// chromium is a browser in which the console has been opened with the one-time link.
func (k *koerende) chromium() context.Context {
	k.Helper()
	ctx, stop := context.WithTimeout(k.Context(), 2*time.Minute)
	k.Cleanup(stop)
	flag := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(testenv.Chromium(k)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(k.TempDir()), chromedp.Flag("disable-component-update", true), chromedp.Flag("accept-lang", "da"))
	ctx, slut := chromedp.NewExecAllocator(ctx, flag...)
	k.Cleanup(slut)
	ctx, luk := chromedp.NewContext(ctx)
	k.Cleanup(luk)
	k.goer(ctx, chromedp.Navigate(k.link))
	return ctx
}

func (k *koerende) goer(ctx context.Context, trin ...chromedp.Action[chromedp.Void]) {
	k.Helper()
	if err := chromedp.Do(ctx, trin...); err != nil {
		k.Fatal(err)
	}
}

// send fills in a form and sends it, and gives the text of the page that comes of it.
func (k *koerende) send(ctx context.Context, felter map[string]string, knap string) string {
	k.Helper()
	for vaelger, v := range felter {
		k.goer(ctx, chromedp.Clear(chromedp.CSS(vaelger)), chromedp.SendKeys(chromedp.CSS(vaelger), v))
	}
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(knap))); err != nil {
		k.Fatal(err)
	}
	return k.tekst(ctx)
}

func (k *koerende) tekst(ctx context.Context) string {
	k.Helper()
	s, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		k.Fatal(err)
	}
	return s
}

// A person opens the console of the demonstration, corrects the line that was cut off, answers for the letter whose answer
// was lost, and both processes complete. Another site's page in the same browser gets nothing done.
func TestDemoInBrowser(t *testing.T) {
	conformance.Proves(t, "mox 45", "mox 49")
	k := startDemo(t, 60)
	post := k.fejl("the broken line", func(f drift.Fejl) bool { return f.Art == "post" })
	uvis := k.fejl("the uncertain letter", func(f drift.Fejl) bool { return f.Kode == "uden_svar" })
	ctx := k.chromium()
	t.Run("AnotherSiteIsRefused", func(t *testing.T) { k.andetSted(t, ctx, post.ID) })
	t.Run("BrokenLineCorrected", func(*testing.T) { k.retLinje(ctx, post.ID) })
	t.Run("UncertainLetterAnswered", func(*testing.T) { k.svarBrev(ctx, uvis) })
}

func (k *koerende) retLinje(ctx context.Context, id int64) {
	k.goer(ctx, chromedp.Navigate(fmt.Sprintf("%s/fejl/%d", k.adresse, id)))
	k.send(ctx, map[string]string{"#aabn-begrundelse": "retter linjen"}, "form.aabn button")
	raa, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("#raa").value`))
	if err != nil {
		k.Fatal(err)
	}
	nr, _, _ := strings.Cut(raa, ";")
	linje := k.laes("byggesag/byggesag.db", `SELECT nr || ';1;' || titel || ';"' || beskrivelse || '";' || kle || ';' || adresse || ';"' || matrikel || '";' || ansoeger_cpr || ';' || ansoeger_navn || ';OPR;01-09-2026;bygsag01;01-09-2026 10:00:00' FROM sag WHERE nr = ? AND version = 1`, nr)
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf(`document.querySelector("#raa").value = %q`, linje))); err != nil {
		k.Fatal(err)
	}
	k.send(ctx, nil, `form#ret button.primaer`)
	var f drift.Fejl
	if err := k.server.kald(k.Context(), http.MethodGet, driftsti("fejl", fmt.Sprint(id)), nil, &f); err != nil || f.Aaben {
		k.Fatalf("the Fejl is still open (%v): %s", err, k.tekst(ctx))
	}
	k.vent("the answer in the building system", func() bool {
		return k.laes("byggesag/byggesag.db", `SELECT COUNT(*) FROM svarlog WHERE nr = ?`, nr) == "2"
	})
}

func (k *koerende) svarBrev(ctx context.Context, f drift.Fejl) {
	k.goer(ctx, chromedp.Navigate(fmt.Sprintf("%s/fejl/%d", k.adresse, f.ID)))
	k.send(ctx, map[string]string{
		`input[name="f.Stregkode"]`:   k.laes("forsendelse/forsendelse.db", `SELECT svar FROM forsendelseslog WHERE operation = 'SendRekommanderet' ORDER BY id LIMIT 1`),
		`input[name="f.AfsendtDato"]`: "2026-11-23",
		"#skete-begrundelse":          "brevet står i Forsendelses liste",
	}, `form[action$="/skete"] button`)
	k.afsluttet(string(f.ObjektID))
}

// andetSted opens a page of another site, which tries to close the Fejl with the visitor's session.
func (k *koerende) andetSted(t *testing.T, ctx context.Context, id int64) {
	maal := fmt.Sprintf("%s/fejl/%d/luk", k.adresse, id)
	side := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<form method="post" action="%s"><input name="begrundelse" value="x"><button id="b">b</button></form>`, maal)
	}))
	defer side.Close()
	u, err := url.Parse(side.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = "localhost:" + u.Port() // another site to the browser, although it is this machine
	if err := chromedp.Do(ctx, chromedp.Navigate(u.String())); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#b"))); err != nil {
		t.Fatal(err)
	}
	k.vent("the refusal", func() bool { // a page that is just being left answers nothing
		s, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
		return err == nil && strings.Contains(s, "Det er ikke tilladt")
	})
	var f drift.Fejl
	if err := k.server.kald(k.Context(), http.MethodGet, driftsti("fejl", fmt.Sprint(id)), nil, &f); err != nil || !f.Aaben {
		t.Errorf("the other site closed the Fejl (%v)", err)
	}
}
