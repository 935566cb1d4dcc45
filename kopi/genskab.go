package kopi

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/store"
)

// Genskabelse is where a copy is put back.
type Genskabelse struct {
	Dir      string  // new, or empty
	Database *string // instead of the one in the copy's mox.yaml; "" is SQLite in Dir
	IMappen  bool    // the documents are kept in Dir, whatever the copy's mox.yaml says
	// Lager opens where the documents of the installation are kept, as the mox.yaml in dir says; nil = in dir.
	Lager     func(ctx context.Context, dir, installation string) (*indhold.Lager, error)
	Glemte    []byte // what [GlemteFil] is to hold; nil = there is none
	Fremdrift func(Fremdrift)
}

// Genskab puts the copy back: first all of it is checked, then it is written beside the folder and given its name when it is
// whole. A folder or a database that holds something is refused with [mox.KodeKonflikt], and left as it is.
func (f *Fil) Genskab(ctx context.Context, g Genskabelse) error {
	if !f.Manifest.Genskabes {
		return ugyldig("%s er lavet af mox eksport alt og har ikke installationens nøgle og opsætning", f.sti).Med("brug en kopi fra mox backup")
	}
	if g.Database != nil && *g.Database != "" && !store.PaaPostgres(*g.Database) {
		return mox.E("restore", mox.KodeUgyldig, "databasen er ikke adressen på en PostgreSQL").Med("skriv postgres://bruger@vært:port/database, eller sqlite")
	}
	if err := kraevTom(g.Dir); err != nil {
		return err
	}
	if err := f.Tjek(ctx, g.Fremdrift); err != nil {
		return err
	}
	dir := filepath.Clean(g.Dir)
	under, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".genskabes-*")
	if err != nil {
		return kanIkke(dir, err)
	}
	if err := f.skriv(ctx, under, g); err != nil {
		return errors.Join(err, os.RemoveAll(under))
	}
	if err := os.Remove(dir); err != nil && !findesIkke(err) {
		return errors.Join(kanIkke(dir, err), os.RemoveAll(under))
	}
	if err := os.Rename(under, dir); err != nil {
		return kanIkke(dir, err)
	}
	return syncDir(filepath.Dir(dir))
}

func kanIkke(dir string, err error) error {
	return &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "restore", Tekst: fmt.Sprintf("mappen %s kan ikke skrives", dir), Raad: "giv en ny mappe, som brugeren kan lave, med --dir", Err: err}
}

func kraevTom(dir string) error {
	filer, err := os.ReadDir(dir)
	switch {
	case findesIkke(err):
		return nil
	case err != nil:
		return kanIkke(dir, err)
	case len(filer) > 0:
		return mox.E("restore", mox.KodeKonflikt, "mappen %s er ikke tom", dir).Med("giv en ny mappe med --dir; mox restore skriver aldrig oven i noget")
	}
	return nil
}

// skriv fills a new folder, and the database where that is elsewhere, last: it cannot be taken back with the folder.
func (f *Fil) skriv(ctx context.Context, dir string, g Genskabelse) (err error) {
	url, err := f.opsaetning(dir, g)
	if err != nil {
		return err
	}
	if len(g.Glemte) > 0 {
		if err := skrivFil(filepath.Join(dir, GlemteFil), g.Glemte); err != nil {
			return err
		}
	}
	lager, err := f.lager(ctx, dir, g)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil { // it was empty: what is there is ours, and would be in the way of the next try
			_, fejl := lager.Gamle(context.WithoutCancel(ctx), time.Now().AddDate(1, 0, 0), func(sha string) error { return lager.Slet(context.WithoutCancel(ctx), sha) })
			err = errors.Join(err, fejl)
		}
	}()
	if err := f.dokumenter(ctx, lager, g.Fremdrift); err != nil {
		return err
	}
	if url == "" {
		url = filepath.Join(dir, "mox.db")
	}
	err = store.Genskab(ctx, url, f.Manifest.Skema, func(tx *store.Tx) error { return f.database(ctx, tx, g.Fremdrift) })
	if err != nil {
		return err
	}
	return syncDir(dir)
}

// opsaetning writes the configuration, and gives the database that it names.
func (f *Fil) opsaetning(dir string, g Genskabelse) (url string, err error) {
	dele, err := f.opsaetningsdele()
	if err != nil {
		return "", err
	}
	var mox []byte
	for sti, navn := range dele {
		b, err := f.laesHel(navn)
		if err != nil {
			return "", err
		}
		if sti == opsaetningsfil {
			mox = b
			continue
		}
		if err := skrivFil(filepath.Join(dir, sti), b); err != nil {
			return "", err
		}
	}
	if g.Database != nil {
		if mox, err = medDatabase(mox, *g.Database); err != nil {
			return "", err
		}
	}
	if g.IMappen {
		if mox, err = udenIndhold(mox); err != nil {
			return "", err
		}
	}
	if url, err = databaseI(mox); err != nil {
		return "", ugyldig("kopiens mox.yaml kan ikke læses: %v", err)
	}
	if len(mox) == 0 {
		return url, nil
	}
	return url, skrivFil(filepath.Join(dir, opsaetningsfil), mox)
}

func (f *Fil) laesHel(navn string) ([]byte, error) {
	r, err := f.laesDel(navn)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // only read
	return io.ReadAll(io.LimitReader(r, maksOpsaetning+1))
}

// skrivFil writes a file durably; some of them are secrets.
func skrivFil(sti string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(sti), 0o700); err != nil {
		return kanIkke(filepath.Dir(sti), err)
	}
	ud, err := os.OpenFile(sti, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return kanIkke(filepath.Dir(sti), err)
	}
	_, err = ud.Write(b)
	if err = errors.Join(err, ud.Sync(), ud.Close()); err != nil {
		return kanIkke(filepath.Dir(sti), err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// lager opens where the documents go. One that holds something is refused: what it holds may be another's who still uses it.
func (f *Fil) lager(ctx context.Context, dir string, g Genskabelse) (*indhold.Lager, error) {
	if g.Lager == nil {
		g.Lager = func(_ context.Context, dir, _ string) (*indhold.Lager, error) {
			return indhold.Open(filepath.Join(dir, "indhold"))
		}
	}
	l, err := g.Lager(ctx, dir, f.Manifest.Installation)
	if err != nil {
		return nil, err
	}
	if tomt, err := l.Tomt(ctx); err != nil || tomt {
		return l, err
	}
	return nil, mox.E("restore", mox.KodeKonflikt, "objektlageret har allerede dokumenter fra denne installation").Med("tøm det, hvis ingen bruger dem, eller genskab med --indhold mappe")
}

func (f *Fil) dokumenter(ctx context.Context, lager *indhold.Lager, fremdrift func(Fremdrift)) error {
	m := nyMelder(fremdrift, "dokumenter")
	for _, z := range f.zip.File {
		sha := dokumentSha(z.Name)
		if sha == "" || slices.Contains(f.Manifest.Dokumenter.Beskadigede, sha) {
			continue
		}
		r, err := z.Open()
		if err != nil {
			return ugyldig("dokumentet %s i %s kan ikke læses: %v", sha, f.sti, err)
		}
		_, _, err = lager.Gem(ctx, r)
		if err = errors.Join(err, r.Close()); err != nil {
			return err
		}
		m.en()
	}
	return nil
}

// database puts the rows back, and sees to it that the log ends where the copy says.
func (f *Fil) database(ctx context.Context, tx *store.Tx, fremdrift func(Fremdrift)) error {
	skema, err := tx.Skema()
	if err != nil {
		return err
	}
	if skema != f.Manifest.Skema {
		return ugyldig("kopien er lavet med skema %d, og dette program kender til og med %d", f.Manifest.Skema, skema).Med("brug den udgave af mox, som lavede den, eller en nyere")
	}
	tabeller, err := tx.Tabeller()
	if err != nil {
		return err
	}
	if err := f.sammeTabeller(tabeller); err != nil {
		return err
	}
	for _, t := range tabeller {
		if err := f.tabel(ctx, tx, t, fremdrift); err != nil {
			return err
		}
	}
	if err := tx.SaetTaellere(f.Manifest.Taellere); err != nil {
		return err
	}
	position, kaede, err := tx.SidstePosition()
	if err == nil && (position != f.Manifest.Logposition || hex.EncodeToString(kaede) != f.Manifest.Kaede) {
		err = ugyldig("kopiens log ender ved position %d og ikke, som manifestet siger, ved %d", position, f.Manifest.Logposition)
	}
	return err
}

// sammeTabeller refuses a copy with a table that would be left out.
func (f *Fil) sammeTabeller(tabeller []store.Tabel) error {
	for _, d := range f.Manifest.Dele {
		navn, ok := strings.CutPrefix(d.Navn, tabelMappe)
		if ok && !slices.ContainsFunc(tabeller, func(t store.Tabel) bool { return t.Navn+".ndjson" == navn }) {
			return ugyldig("%s har en tabel, som skema %d ikke har: %s", f.sti, f.Manifest.Skema, navn)
		}
	}
	return nil
}

func (f *Fil) tabel(ctx context.Context, tx *store.Tx, t store.Tabel, fremdrift func(Fremdrift)) error {
	r, err := f.laesDel(tabelMappe + t.Navn + ".ndjson")
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // only read
	m := nyMelder(fremdrift, "tabellen "+t.Navn)
	ind := tx.Indsaet(t)
	err = laesRaekker(indhold.Afbrydelig(ctx, r), t, func(v []any) error {
		m.en()
		return ind.Raekke(v)
	})
	if err == nil {
		err = ind.Slut()
	}
	if err != nil && ctx.Err() == nil && mox.KodeAf(err) == mox.KodeIntern {
		e := ugyldig("tabellen %s i %s kan ikke sættes ind", t.Navn, f.sti)
		e.Err = err
		return e
	}
	return err
}
