package console

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/testenv"
)

// browser is a real Chromium with one tab. Everything the page complains of, a breach of the content security policy
// above all, is a failure of the test.
type browser struct {
	*hus
	ctx context.Context
}

func nyBrowser(h *hus, med ...chromedp.ExecAllocatorOption) *browser {
	h.Helper()
	sti := testenv.Chromium(h)
	ctx, stop := context.WithTimeout(h.Context(), 3*time.Minute)
	h.Cleanup(stop)
	flag := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(sti), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(h.TempDir()), chromedp.Flag("disable-component-update", true), chromedp.Flag("accept-lang", "da"))
	flag = append(flag, med...)
	ctx, slut := chromedp.NewExecAllocator(ctx, flag...)
	h.Cleanup(slut)
	ctx, luk := chromedp.NewContext(ctx)
	h.Cleanup(luk)
	b := &browser{h, ctx}
	h.maa(chromedp.Do(ctx))
	b.lyt()
	return b
}

// lyt fails the test at the page's complaints.
func (b *browser) lyt() {
	b.Helper()
	linjer := chromedp.Events(b.ctx, log.EntryAdded)
	undtagelser := chromedp.Events(b.ctx, cdpruntime.ExceptionThrown)
	faerdig := make(chan struct{}, 2)
	go func() {
		for e, err := range linjer {
			if err == nil && e.Entry.Level == log.EntryLevelError && !forventet(e.Entry.Text) {
				b.Errorf("the browser says: %s (%s)", e.Entry.Text, e.Entry.URL)
			}
		}
		faerdig <- struct{}{}
	}()
	go func() {
		for e, err := range undtagelser {
			if err == nil {
				b.Errorf("the script failed: %+v", e.ExceptionDetails)
			}
		}
		faerdig <- struct{}{}
	}()
	ctx, luk := context.WithCancel(b.ctx)
	b.ctx = ctx
	b.Cleanup(func() {
		luk()
		_ = chromedp.Cancel(ctx) // ends both streams, so that nothing is reported after the test
		<-faerdig
		<-faerdig
	})
}

// forventet are the network's own complaints, which tests bring about on purpose.
func forventet(tekst string) bool {
	return strings.Contains(tekst, "status of 4") || strings.HasPrefix(tekst, "Failed to load resource: net::ERR_")
}

func (b *browser) goer(trin ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	b.maa(chromedp.Do(b.ctx, trin...))
}

// aabn opens a page.
func (b *browser) aabn(sti string) {
	b.Helper()
	b.goer(chromedp.Navigate(b.server.URL + sti))
}

// fokus moves the keyboard to an element. It does so in one step: what keeps itself fresh may be another element the next
// moment, until someone is in it.
func (b *browser) fokus(vaelger string) {
	b.Helper()
	b.goer(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.querySelector(%q).focus()`, vaelger)))
}

// klik follows a link or sends a form by the keyboard, and waits for the page that comes of it.
func (b *browser) klik(vaelger string) {
	b.Helper()
	b.fokus(vaelger)
	_, err := chromedp.RunResponse(b.ctx, chromedp.KeyEvent("\r"))
	b.maa(err)
}

func (b *browser) skriv(vaelger, tekst string) {
	b.Helper()
	b.goer(chromedp.Clear(chromedp.CSS(vaelger)), chromedp.SendKeys(chromedp.CSS(vaelger), tekst))
}

func (b *browser) tekst() string {
	b.Helper()
	s, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText`))
	b.maa(err)
	return s
}

// vent waits until the page fulfils a condition.
func (b *browser) vent(javascript string) {
	b.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Poll[bool](javascript))
	b.maa(err)
}

// skaerm is a window and its colour scheme.
type skaerm struct {
	navn   string
	bredde int64
	hoejde int64
	tema   string
}

func skaerme() []skaerm {
	return []skaerm{{"1280-lys", 1280, 900, "light"}, {"1280-moerk", 1280, 900, "dark"}, {"390-lys", 390, 844, "light"}, {"390-moerk", 390, 844, "dark"}}
}

func (b *browser) brug(s skaerm) {
	b.Helper()
	b.goer(chromedp.EmulateViewport(s.bredde, s.hoejde))
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.tema}}})
	b.maa(err)
}

// billede keeps a picture of the whole page, when MOX_SCREENSHOTS says where.
func (b *browser) billede(navn string) {
	b.Helper()
	dir := os.Getenv("MOX_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	b.maa(err)
	b.maa(os.WriteFile(filepath.Join(dir, navn+".png"), png, 0o600))
}

func (h *hus) demo(o *Options) {
	o.Demo = true
	o.DemoTrin = []DemoTrin{{Da: "Ret en sag, som ESDH-systemet har afvist.", En: "Correct a case that the ESDH system refused.", Sti: "/fejl"},
		{Da: "Svar, om et brev blev sendt.", En: "Answer whether a letter was sent.", Sti: "/fejl"}, {Da: "Sæt en modtager på pause, og se køen vokse.", En: "Pause a receiver, and watch the backlog grow."}}
}

// TestEnDriftsvagtBehandlerFejl is the day of an operator: the overview says that something waits, a parked besked is
// corrected, an uncertain letter is answered, and the overview is calm again.
func TestEnDriftsvagtBehandlerFejl(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	a := h.fyld()
	b := nyBrowser(h)
	b.brug(skaerme()[0])

	b.aabn("/")
	b.har(b.tekst(), "5 fejl venter på behandling")
	b.klik(`.status a[href="/fejl"]`)
	b.har(b.tekst(), "Modtagerens opgave", "ukendt KLE-nummer 02.99.99")
	b.klik(`.tabel a[href="` + fejlsti(a.fejl422) + `"]`)
	b.har(b.tekst(), "Ret værdien herunder")
	b.skriv("#aabn-begrundelse", "Forkert emne, ringet med sagsbehandler")
	b.klik(".aabn button")
	b.skriv(`[name="v.relationer.primaerklasse"]`, "urn:oio:kle:02.34.02")
	b.klik("#ret .primaer")
	b.har(b.tekst(), "Rettet og sendt", "rettede og sendte")
	if f := h.fejl(a.fejl422); f.Fejl.Aaben || f.Fejl.LukketAf != "Kirsten Drift" || f.Fejl.Begrundelse != "Forkert emne, ringet med sagsbehandler" {
		t.Errorf("%+v", f.Fejl)
	}
	rettet := slices.IndexFunc(h.claim(journal), func(w arbejde) bool {
		return w.Besked.ForaarsagetAf == a.parkeret422 && w.Besked.Opgaveemne == "02.34.02"
	})
	if rettet < 0 {
		t.Error("the corrected besked is not on its way to the receiver")
	}

	b.aabn(fejlsti(a.fejlUvis))
	b.har(b.tekst(), "Skete det?", "forsendelsesnr")
	b.skriv("#svar-0", "F-77")
	b.skriv("#skete-begrundelse", "Set i Forsendelses log")
	b.klik(`form[action$="/skete"] .primaer`)
	b.har(b.tekst(), "Noteret: det skete", "svarede, at det skete")
	if f := h.fejl(a.fejlUvis); f.Fejl.Aaben || f.Opgave.Leverance.Tilstand != mox.Leveret {
		t.Errorf("%+v %s", f.Fejl, f.Opgave.Leverance.Tilstand)
	}
	if w := h.claim(tilbage); len(w) != 1 || w[0].Besked.Handling != "Afsendt" {
		t.Errorf("the answer is not passed on: %+v", w)
	}
}

// TestTalleneOpdateresAfSigSelv watches a page while something happens, stops the updating, and starts it again.
func TestTalleneOpdateresAfSigSelv(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.indlever()
	b := nyBrowser(h)
	b.aabn("/")
	b.har(b.tekst(), "Alt er vel")
	h.fyld()
	b.vent(`document.querySelector(".status").innerText.includes("5 fejl venter") && document.querySelector("[data-aabne-fejl] b").innerText === "5"`)

	b.goer(chromedp.Click(chromedp.CSS("[data-liveknap]")))
	b.vent(`document.querySelector("[data-livetekst]").dataset.stand === "slukket"`)
	b.goer(chromedp.Click(chromedp.CSS("[data-liveknap]")))
	b.vent(`document.querySelector("[data-livetekst]").dataset.stand === "taendt"`)

	b.fokus(".status a")
	b.vent(`document.querySelector("[data-livetekst]").dataset.stand === "venter" && document.activeElement.matches(".status a")`)

	// What someone has typed is not overwritten, also when the cursor has left it.
	b.aabn(forloebSti(h.fejl(h.aabne()[0].ID).Opgave.Besked.ID))
	b.goer(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => d.open = true)`))
	b.skriv("#begrundelse-1", "fordi")
	b.goer(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`))
	b.vent(`document.querySelector("[data-livetekst]").dataset.stand === "venter" && document.querySelector("#begrundelse-1").value === "fordi"`)

	b.aabn("/")
	h.server.CloseClientConnections()
	h.server.Config.SetKeepAlivesEnabled(false)
	h.server.Listener.Close()
	b.vent(`document.querySelector("[data-livetekst]").dataset.stand === "mistet"`)
}

// TestSiderneKanBrugesMedTastatur goes by the keyboard alone from the top of the page into its content.
func TestSiderneKanBrugesMedTastatur(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fyld()
	b := nyBrowser(h)
	b.aabn("/fejl")
	b.goer(chromedp.KeyEvent("\t"))
	b.vent(`document.activeElement.className === "spring" && document.activeElement.getBoundingClientRect().top >= 0`)
	b.goer(chromedp.KeyEvent("\r"))
	b.vent(`document.activeElement.id === "indhold"`)
	b.goer(chromedp.KeyEvent("\t"))
	b.vent(`document.activeElement.closest("main") !== null && getComputedStyle(document.activeElement).outlineStyle !== "none"`)
}

// TestSiderneFylderIkkeMereEndVinduet opens every page in windows from 320 to 1280 wide: nothing may have
// to be scrolled sideways, and every target is large enough to hit. WCAG 1.4.10 and 2.5.8.
func TestSiderneFylderIkkeMereEndVinduet(t *testing.T) {
	t.Parallel()
	h := nytHus(t, (*hus)(nil).demo)
	h.fyldMere(40)
	a := h.fyld()
	h.maa(h.d.Pause(t.Context(), tilbage, true, hvemSomHelst("opgradering af Byggesag til kl. 12")))
	b := nyBrowser(h)
	vinduer := append(skaerme(), skaerm{"320", 320, 640, "light"})
	if os.Getenv("MOX_SCREENSHOTS") == "" { // colours move nothing
		vinduer = slices.DeleteFunc(vinduer, func(s skaerm) bool { return s.tema == "dark" })
	}
	for i, sti := range h.alleSider(a) {
		for _, s := range vinduer {
			b.brug(s)
			b.aabn(sti)
			b.ligger(s.navn, sti)
			b.billede(fmt.Sprintf("%s-%02d%s", s.navn, i, strings.NewReplacer("/", "-", "?", "-", "=", "-", "&", "-").Replace(afkort(sti, 22))))
		}
	}
	b.aabnet(a, vinduer)
}

// aabnet looks at the pages that only a form leads to.
func (b *browser) aabnet(a alt, vinduer []skaerm) {
	b.Helper()
	for _, s := range vinduer {
		for navn, id := range map[string]int64{"vaerdier": a.fejl422, "post": a.fejlPost, "uvis": a.fejlUvis} {
			b.brug(s)
			b.aabn(fejlsti(id))
			b.skriv("#aabn-begrundelse", "afprøvning")
			b.klik(".aabn button")
			b.ligger(s.navn, navn)
			b.billede(s.navn + "-aabnet-" + navn)
		}
		b.aabn(forloebSti(a.leveret))
		b.goer(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => d.open = true)`))
		b.ligger(s.navn, "forløb foldet ud")
		b.billede(s.navn + "-forloeb-foldet-ud")
		b.skriv("#begrundelse-1", "afprøvning")
		b.klik(`form[action$="/indhold"] button`)
		b.ligger(s.navn, "indhold")
		b.billede(s.navn + "-indhold")
	}
}

// ligger checks the page's measures.
func (b *browser) ligger(skaerm, sti string) {
	b.Helper()
	fund, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`(() => {
		const fund = [];
		const w = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth > w) {
			for (const e of document.querySelectorAll("body *")) {
				const r = e.getBoundingClientRect();
				if (r.width > 2 && r.right > w + 1 && !e.closest("pre")) { fund.push("for bred: " + e.outerHTML.slice(0, 120)); if (fund.length > 3) break; }
			}
			fund.push("siden er " + document.documentElement.scrollWidth + " bred i et vindue på " + w);
		}
		for (const e of document.querySelectorAll("button, .knap, input:not([type=hidden]), select, summary, .hovednav a")) {
			const r = e.getBoundingClientRect();
			if (r.width > 0 && (r.height < 23.5 && e.tagName !== "SUMMARY" && e.type !== "checkbox" || r.width < 16)) fund.push("for lille at ramme: " + e.outerHTML.slice(0, 120));
		}
		return fund;
	})()`))
	b.maa(err)
	for _, f := range fund {
		b.Errorf("%s %s: %s", skaerm, sti, f)
	}
}

// TestUdenBruger is the console on a machine where nobody has to log in.
func TestUdenBruger(t *testing.T) {
	t.Parallel()
	h := nytHus(t, func(o *Options) { o.Bruger = nil })
	h.fyld()
	h.harIkke(h.side("/"), "Logget ind som")
	if s := h.post("/abonnementer/esdh.sager/pause", "/abonnementer/esdh.sager/pause", map[string]string{"pause": "ja", "begrundelse": "prøve"}); s.status != http.StatusSeeOther {
		t.Fatalf("%d %s", s.status, s.krop)
	}
	if l := h.handlinger("abonnement esdh.sager"); len(l) != 1 || l[0].Hvem != "ukendt" {
		t.Errorf("%+v", l)
	}
}
