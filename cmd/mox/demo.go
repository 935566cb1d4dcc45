package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/app"
	"github.com/moxkit/mox/console"
	"github.com/moxkit/mox/demo/kontrol"
	"github.com/moxkit/mox/demo/landskab"
	"github.com/moxkit/mox/demo/opsaetning"
	"github.com/moxkit/mox/demo/sager"
)

// demoValg is how the demonstration is run.
type demoValg struct {
	dir, listen string
	engang      bool
	sager       int
	seed        uint64
	sabotage    string
}

func (e *env) demo() *cobra.Command {
	var v demoValg
	c := &cobra.Command{
		Use: "demo", Short: "Se tre systemer fra tre leverandører udveksle Sager og Dokumenter",
		Long: "Se tre systemer fra tre leverandører udveksle Sager og Dokumenter gennem MOX. Ingen af dem kender standarden\n" +
			"eller hinanden. Alt er med i programmet; intet skal installeres.\n" + exitTekst,
		Args: argumenter(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return e.koerDemo(c.Context(), v) },
	}
	c.Flags().BoolVar(&v.engang, "once", false, "kør alle sager og fejl til ende, og skriv tallene")
	c.Flags().StringVar(&v.dir, "dir", "", "mappe til alt, demonstrationen laver (standard: en ny, midlertidig mappe)")
	c.Flags().StringVar(&v.listen, "listen", app.StandardListen, "konsollens adresse på denne maskine")
	c.Flags().IntVar(&v.sager, "sager", 500, "antal byggesager")
	c.Flags().Uint64Var(&v.seed, "seed", 1, "samme tal giver samme historie")
	c.Flags().StringVar(&v.sabotage, "sabotage", "", "bryd et løfte med vilje, så kontrollen ses virke: tab eller gentag")
	return c
}

// demonstration is MOX and the three systems, running.
type demonstration struct {
	app      *app.App
	landskab *landskab.Landskab
	dir      string
	start    time.Time
}

func (e *env) koerDemo(ctx context.Context, v demoValg) (err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	d, err := e.startDemo(ctx, v)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = d.app.Run(ctx) }) // Run has no error of its own
	defer func() {
		stop()
		wg.Wait()
		err = errors.Join(err, d.landskab.Close(), d.app.Close())
	}()
	if v.engang {
		return e.engang(ctx, d)
	}
	return e.bliv(ctx, d, v)
}

func (e *env) startDemo(ctx context.Context, v demoValg) (*demonstration, error) {
	if v.sabotage != "" && v.sabotage != string(landskab.Tab) && v.sabotage != string(landskab.Gentagelse) {
		return nil, brugsfejl{fmt.Errorf("--sabotage %q: brug tab eller gentag", v.sabotage)}
	}
	if v.dir == "" {
		dir, err := os.MkdirTemp("", "mox-demo-")
		if err != nil {
			return nil, err
		}
		v.dir = dir
	}
	dir, err := filepath.Abs(v.dir)
	if err != nil {
		return nil, err
	}
	if err := tomMappe(dir); err != nil {
		return nil, err
	}
	d := &demonstration{dir: dir, start: time.Now()}
	systemer := filepath.Join(dir, "systemer")
	d.landskab, err = landskab.Start(ctx, landskab.Config{Dir: systemer, Sager: v.sager, Seed: v.seed, Fejl: true, Sabotage: landskab.Sabotage(v.sabotage), Log: e.log(slog.LevelError)})
	if err != nil {
		return nil, err
	}
	if d.app, err = e.demoApp(ctx, d, v, systemer); err != nil {
		return nil, errors.Join(err, d.landskab.Close())
	}
	return d, nil
}

// tomMappe makes the folder, and refuses one in which a demonstration has run: its story would be told twice.
func tomMappe(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return mox.E("demo", mox.KodeUtilgaengelig, "mappen %s kan ikke laves: %v", dir, err).Med("giv en mappe, som brugeren kan skrive i, med --dir")
	}
	if _, err := os.Stat(filepath.Join(dir, "systemer")); err == nil {
		return mox.E("demo", mox.KodeKonflikt, "i %s har en demonstration kørt før", dir).Med("giv en tom mappe med --dir")
	}
	return nil
}

func (e *env) demoApp(ctx context.Context, d *demonstration, v demoValg, systemer string) (*app.App, error) {
	dir := filepath.Join(d.dir, "mox")
	err := opsaetning.Write(dir, map[string]string{"BYGGESAG": filepath.Join(systemer, "byggesag"), "ESDH": d.landskab.ESDHAdresse(), "FORSENDELSE": d.landskab.ForsendelseAdresse()})
	if err != nil {
		return nil, mox.E("demo", mox.KodeUtilgaengelig, "opsætningen kan ikke skrives i %s: %v", dir, err).Med("giv en mappe, som brugeren kan skrive i, med --dir")
	}
	cfg, err := app.LaesConfig(dir)
	if err != nil {
		return nil, err
	}
	cfg.Listen = v.listen
	if v.engang {
		cfg.Listen = "127.0.0.1:0"
	}
	log, err := os.OpenFile(filepath.Join(d.dir, "mox.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return app.Open(ctx, cfg, app.Options{Log: slog.New(slog.NewJSONHandler(log, nil)), Version: version, Ja: true, Demo: demoTrin(), Systemer: d.systemer()})
}

func (d *demonstration) systemer() []console.System {
	return []console.System{
		{Navn: "Byggesag", Leverandoer: "leverandør A"},
		{Navn: "ESDH", Leverandoer: "leverandør B", Adresse: "http://" + d.landskab.ESDHAdresse() + "/"},
		{Navn: "Forsendelse", Leverandoer: "leverandør C", Adresse: "http://" + d.landskab.ForsendelseAdresse() + "/"},
	}
}

func demoTrin() []console.DemoTrin {
	return []console.DemoTrin{
		{Da: "Se en sags vej fra Byggesag til svaret er skrevet tilbage: vælg en besked", En: "Follow a case from the building system until the answer is written back: pick a besked", Sti: "/beskeder"},
		{Da: "Ret den CSV-linje, der blev klippet over, og send den", En: "Correct the CSV line that was cut off, and send it", Sti: "/fejl"},
		{Da: "Giv sagen med det ukendte KLE-nummer et kendt (02.34.02), send den, og gensend dens dokumenter", En: "Give the case with the unknown KLE number a known one (02.34.02), send it, and resend its documents", Sti: "/fejl"},
		{Da: "Afgør, om det anbefalede brev blev sendt: se efter hos Forsendelse", En: "Decide whether the registered letter was sent: look at Forsendelse", Sti: "/fejl"},
	}
}

// demoTal is what the demonstration counts.
type demoTal struct {
	PosterLaest        int64 `json:"poster_laest"`
	Beskeder           int64 `json:"beskeder"`
	Leverancer         int   `json:"leverancer"`
	Leveret            int   `json:"leveret"`
	Parkeret           int   `json:"parkeret"`
	Uvis               int   `json:"uvis"`
	Blokeret           int   `json:"blokeret"`
	Kvitteringer       int64 `json:"kvitteringer"`
	ProcesserStartet   int   `json:"processer_startet"`
	ProcesserAfsluttet int   `json:"processer_afsluttet"`
	ProcesserFejlet    int   `json:"processer_fejlet"`
	Tilbageskrevet     int   `json:"tilbageskrevet"`
	Tabt               int   `json:"tabt"`
	DobbeltVirkning    int   `json:"dobbelt_virkning"`
	P50MS              int64 `json:"p50_ms"`
	P99MS              int64 `json:"p99_ms"`
	VarighedMS         int64 `json:"varighed_ms"`
}

// engang tells the whole story, waits until nothing moves, and counts.
func (e *env) engang(ctx context.Context, d *demonstration) error {
	if err := d.landskab.Play(ctx); err != nil {
		return err
	}
	if err := d.falderTilRo(ctx, e.fremdrift()); err != nil {
		return err
	}
	t, k, err := d.tal(ctx)
	if err != nil {
		return err
	}
	return e.skriv(t, func(w io.Writer) {
		fmt.Fprintf(w, "\n%d poster læst, %d beskeder, %d leveringer, heraf %d leveret.\n", t.PosterLaest, t.Beskeder, t.Leverancer, t.Leveret)
		fmt.Fprintf(w, "%d processer startet, %d afsluttet, %d fejlet; %d svar skrevet tilbage.\n", t.ProcesserStartet, t.ProcesserAfsluttet, t.ProcesserFejlet, t.Tilbageskrevet)
		fmt.Fprintf(w, "Venter på en person: %d parkeret, %d uvist, %d holdt bag dem.\n", t.Parkeret, t.Uvis, t.Blokeret)
		fmt.Fprintf(w, "Kontrol i leverandørernes egne logge: %d versioner, %d komplette, %d holdt af navngivne fejl, %d tabt, %d dobbelte virkninger.\n", k.Versioner, k.Komplette, k.Holdt, k.Tabt, k.DobbeltVirkning)
		fmt.Fprintf(w, "Fra modtaget til leveret: median %d ms, 99 %% under %d ms. I alt %.1f s. Alt ligger i %s\n", t.P50MS, t.P99MS, float64(t.VarighedMS)/1000, d.dir)
	})
}

// roligIGange is how many looks in a row must find nothing moving; lookPause lies between them.
const (
	roligIGange = 5
	lookPause   = 200 * time.Millisecond
)

// falderTilRo waits until nothing moves by itself any more.
func (d *demonstration) falderTilRo(ctx context.Context, vis func(string)) error {
	for rolige := 0; rolige < roligIGange; {
		n, err := d.app.Distributor().IGang(ctx)
		if err != nil {
			return err
		}
		rolig, err := d.landskab.Rolig(ctx)
		if err != nil {
			return err
		}
		rolige++
		if n > 0 || !rolig {
			rolige = 0
		}
		vis(fmt.Sprintf("%d leveringer undervejs", n))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookPause):
		}
	}
	return nil
}

// fremdrift shows what is going on, on one line of a terminal.
func (e *env) fremdrift() func(string) {
	if !e.terminal() {
		return func(string) {}
	}
	return func(s string) { fmt.Fprintf(e.err, "\r\033[K%s", s) }
}

func (d *demonstration) tal(ctx context.Context) (t demoTal, k kontrol.Result, err error) {
	o, err := d.app.Distributor().Overblik(ctx)
	if err != nil {
		return t, k, err
	}
	p50, p99, err := d.app.Distributor().Ventetid(ctx)
	if err != nil {
		return t, k, err
	}
	if k, err = kontrol.Check(filepath.Join(d.dir, "systemer")); err != nil {
		return t, k, err
	}
	t = demoTal{Beskeder: o.Beskeder, Kvitteringer: o.Kvitteringer, Tilbageskrevet: k.Tilbageskrevet, Tabt: k.Tabt, DobbeltVirkning: k.DobbeltVirkning,
		P50MS: p50.Milliseconds(), P99MS: p99.Milliseconds(), VarighedMS: time.Since(d.start).Milliseconds()}
	for _, s := range o.Stande {
		for tilstand, n := range s.Antal {
			t.Leverancer += n
			switch tilstand {
			case mox.Leveret:
				t.Leveret += n
			case mox.Parkeret:
				t.Parkeret += n
			case mox.Uvis:
				t.Uvis += n
			}
		}
		t.Blokeret += s.Blokeret
	}
	for _, k := range o.Kilder {
		t.PosterLaest += k.Laest
	}
	for _, p := range o.Processer {
		for tilstand, n := range p {
			t.ProcesserStartet += n
			switch tilstand {
			case mox.ProcesAfsluttet:
				t.ProcesserAfsluttet += n
			case mox.ProcesFejlet:
				t.ProcesserFejlet += n
			}
		}
	}
	return t, k, nil
}

// mellemSager is how often a new case trickles in when the demonstration keeps running.
const mellemSager = 4 * time.Second

// bliv tells the story, and lets new cases trickle in until the visitor leaves.
func (e *env) bliv(ctx context.Context, d *demonstration, v demoValg) error {
	err := e.skriv(map[string]string{"adresse": d.app.Adresse(), "link": d.app.Link(), "dir": d.dir}, func(w io.Writer) {
		fmt.Fprintf(w, `
MOX kører. Åbn konsollen i en browser:

    %s

Prøv selv:
  1. Se landskabet, mens %d byggesager flyder gennem tre systemer.
  2. Åbn Fejl til behandling: ret den CSV-linje, der blev klippet over.
  3. Samme sted: et anbefalet brev er uvist. Se på http://%s/, om det blev sendt, og svar.
  4. Sagen i ESDH, der blev lukket for tidligt, kan genåbnes på http://%s/

I en anden terminal:
  mox status --dir %[5]s/mox
  mox fejl list --dir %[5]s/mox

Alt ligger i %[5]s. Stop med Ctrl-C.
`, d.app.Link(), v.sager, d.landskab.ForsendelseAdresse(), d.landskab.ESDHAdresse(), d.dir)
	})
	if err != nil {
		return err
	}
	if err := d.landskab.Play(ctx); err != nil {
		return err
	}
	nye := sager.NyDrypper(v.seed, v.sager)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(mellemSager):
		}
		for _, t := range nye.Naeste() {
			if err := d.landskab.Trin(ctx, t); err != nil {
				return err
			}
		}
	}
}
