package afproevning

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/moxkit/mox/app"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/demo/opsaetning"
	"github.com/moxkit/mox/klient"
)

// installation is one MOX of the trial: a folder, and a process that is started, killed and started again.
type installation struct {
	spec    *InstallationSpec
	dir     string
	log     string
	program string

	mu     sync.Mutex
	proces *proces
}

// skriv makes the folder: the trial's files with values in place of the words between @, and who is told of alarms.
func (i *installation) skriv(filer fs.FS, vaerdier map[string]string, alarmadresse string) error {
	faelles := erstatning(vaerdier)
	vaerdier = maps.Clone(vaerdier)
	for navn, v := range i.spec.Vaerdier {
		vaerdier[navn] = faelles.Replace(v)
	}
	if len(i.spec.Filer) == 0 {
		if err := opsaetning.Write(i.dir, vaerdier); err != nil {
			return err
		}
	}
	fyld := erstatning(vaerdier)
	for _, f := range i.spec.Filer {
		err := fs.WalkDir(filer, f, func(sti string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			b, err := fs.ReadFile(filer, sti)
			if err != nil {
				return err
			}
			til := filepath.Join(i.dir, filepath.FromSlash(sti))
			return errors.Join(os.MkdirAll(filepath.Dir(til), 0o755), os.WriteFile(til, []byte(fyld.Replace(string(b))), 0o600))
		})
		if err != nil {
			return err
		}
	}
	return i.skrivAlarmer(alarmadresse)
}

// skrivAlarmer lets alarms come soon, and to the trial.
func (i *installation) skrivAlarmer(adresse string) error {
	f, err := os.OpenFile(filepath.Join(i.dir, "mox.yaml"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "\n# Afprøvningen modtager alarmerne selv, og de kommer hurtigt.\nalarmer:\n  webhook: {url: %q}\n  venter: 1s\n  forsoeg: 3\n  saml: \"0\"\n", adresse)
	return errors.Join(err, f.Close())
}

// start starts mox serve and waits until it answers.
func (i *installation) start(ctx context.Context) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	var klar struct{ Adresse string }
	p, err := start(ctx, i.spec.Titel, i.log, &klar, i.program, "serve", "--dir", i.dir, "--listen", "127.0.0.1:0", "--json", "--ja")
	i.proces = p
	return err
}

// genstart kills the process, and starts another on the same folder.
func (i *installation) genstart(ctx context.Context) error {
	if err := i.proces.draeb(); err != nil {
		return err
	}
	return i.start(ctx)
}

func (i *installation) stop() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.proces == nil {
		return nil
	}
	return i.proces.stop()
}

// kald is one of the operator's calls.
func (i *installation) kald(ctx context.Context, metode, sti string, ind, ud any) error {
	b, err := os.ReadFile(filepath.Join(i.dir, app.Adressefil))
	if err != nil {
		return err
	}
	noegle, err := auth.LaesLokalNoegle(i.dir)
	if err != nil {
		return err
	}
	k, err := klient.New(strings.TrimSpace(string(b)), noegle, klient.Options{})
	if err != nil {
		return err
	}
	defer k.Luk()
	return k.Kald(ctx, metode, "/api/v1/drift/"+sti, ind, ud)
}

func (i *installation) status(ctx context.Context) (s drift.Status, err error) {
	return s, i.kald(ctx, http.MethodGet, "status", nil, &s)
}

// side is how many of a list are asked for at a time.
const side = 200

// fejl are the open ones.
func (i *installation) fejl(ctx context.Context) (ud []drift.Fejl, err error) {
	for efter := int64(0); ; {
		var l drift.Fejlliste
		if err := i.kald(ctx, http.MethodGet, fmt.Sprintf("fejl?antal=%d&efter=%d", side, efter), nil, &l); err != nil {
			return nil, err
		}
		ud = append(ud, l.Fejl...)
		if efter = l.Efter; efter == 0 {
			return ud, nil
		}
	}
}

// beskeder are all that MOX has, without their content, newest first.
func (i *installation) beskeder(ctx context.Context) (ud []drift.Besked, err error) {
	for foer := int64(0); ; {
		sti := fmt.Sprintf("beskeder?antal=%d", side)
		if foer > 0 {
			sti += fmt.Sprintf("&foer=%d", foer)
		}
		var l drift.Beskedliste
		if err := i.kald(ctx, http.MethodGet, sti, nil, &l); err != nil {
			return nil, err
		}
		ud = append(ud, l.Beskeder...)
		if foer = l.Foer; foer == 0 {
			return ud, nil
		}
	}
}

// forloeb is all that happened to a process, a besked or an objekt.
func (i *installation) forloeb(ctx context.Context, id string) (f drift.Forloeb, err error) {
	return f, i.kald(ctx, http.MethodGet, "forloeb/"+url.PathEscape(id), nil, &f)
}

// iGang is how many leverancer move by themselves.
func iGang(s drift.Status) (n int) {
	for _, m := range s.Modtagere {
		n += m.Venter - m.Blokeret
	}
	return n
}

// MOXSpoergsmaal asks a MOX what it has done: what is itself the demand, as that something waits for a person.
type MOXSpoergsmaal struct {
	Installation string            `yaml:"installation"`
	Hent         string            `yaml:"hent"` // fejl, livscyklus, beskeder, kvitteringer or processer
	Kun          map[string]string `yaml:"kun"`
}

// spoerg gives one post for each that is asked for.
func (i *installation) spoerg(ctx context.Context, q MOXSpoergsmaal) (ud []string, err error) {
	switch q.Hent {
	case "fejl":
		return i.spoergFejl(ctx, q)
	case "livscyklus", "beskeder":
		return i.spoergBeskeder(ctx, q)
	case "processer":
		s, err := i.status(ctx)
		for _, p := range s.Processer {
			for tilstand, n := range map[string]int{"afsluttet": p.Afsluttet, "fejlet": p.Fejlet, "udloebet": p.Udloebet, "igang": p.Igang} {
				if passer(q.Kun, map[string]string{"tilstand": tilstand, "navn": p.Navn}) {
					ud = append(ud, gentag(p.Navn, n)...)
				}
			}
		}
		return ud, err
	case "kvitteringer":
		s, err := i.status(ctx)
		return gentag("kvittering", int(s.Kvitteringer)), err
	}
	return nil, fmt.Errorf("mox: kan ikke hente %q", q.Hent)
}

func gentag(s string, n int) (ud []string) {
	for range n {
		ud = append(ud, s)
	}
	return ud
}

func (i *installation) spoergFejl(ctx context.Context, q MOXSpoergsmaal) (ud []string, err error) {
	alle, err := i.fejl(ctx)
	for _, f := range alle {
		if passer(q.Kun, map[string]string{"kode": f.Kode, "art": string(f.Art), "system": f.System, "ansvar": string(f.Ansvar), "kilde": f.Kilde}) {
			ud = append(ud, fmt.Sprintf("%s %s: %s", f.Kode, f.System, f.Tekst))
		}
	}
	return ud, err
}

func (i *installation) spoergBeskeder(ctx context.Context, q MOXSpoergsmaal) (ud []string, err error) {
	alle, err := i.beskeder(ctx)
	for _, b := range alle {
		v := map[string]string{"afsender": b.Afsender}
		for navn, x := range b.Metadata {
			v[navn] = strings.Join(x, " ")
		}
		if !passer(q.Kun, v) {
			continue
		}
		switch {
		case q.Hent == "beskeder":
			ud = append(ud, string(b.BeskedID))
		case v["livscykluskode"] != "":
			ud = append(ud, v["livscykluskode"])
		}
	}
	return ud, err
}
