package afproevning

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/afproevning/systemer/styring"
	"github.com/moxkit/mox/console/drift"
)

// Valg is how trials are run.
type Valg struct {
	Dir      string            // everything that is made; must not have a trial of that name
	Program  string            // the mox program, for its mox serve and the simulated systems
	Version  string            // of mox
	Adresser map[string]string // of the municipality's own systems and of services; a system with all of its own is not simulated
	Antal    int               // cases; 0 = as the trial says
	Sabotage bool              // break a promise on purpose
	Ind      io.Reader         // where a person says that the steps by hand are done
	Vis      func(string)      // progress; nil = nowhere
}

// koersel is one trial under way.
type koersel struct {
	spec           *Spec
	valg           Valg
	dir            string
	vaerdier       map[string]string // of the words between @
	programmer     map[string]*proces
	runder         int
	installationer []*installation
	alarmer        *alarmmodtager
	spoerger       *spoerger
	bevis          *Bevis
}

// Koer runs a trial and writes its evidence pack into Dir. That it fails is told in the Bevis; the error is only that the
// pack could not be written, or that ctx has ended.
func Koer(ctx context.Context, s *Spec, v Valg) (*Bevis, error) {
	if v.Vis == nil {
		v.Vis = func(string) {}
	}
	k := &koersel{spec: s, valg: v, dir: filepath.Join(v.Dir, s.Navn), vaerdier: map[string]string{}, programmer: map[string]*proces{}, bevis: nytBevis(s, v)}
	err := k.koer(ctx)
	if luk := k.luk(); err == nil {
		err = luk
	}
	if ctx.Err() != nil {
		return k.bevis, ctx.Err()
	}
	k.bevis.faerdig(err, k.udenMapper)
	return k.bevis, k.bevis.skrivPakke(v.Dir)
}

func (k *koersel) koer(ctx context.Context) error {
	for _, trin := range []struct {
		tekst string
		goer  func(context.Context) error
	}{
		{"starter systemerne", k.startSystemer}, {"lægger MOX til rette", k.laegMOX}, {"prøver agenternes antagelser", k.antagelser}, {"starter MOX", k.startMOX}, {"kører", k.fortael},
		{"venter på ro", k.ro}, {"venter på alarmen", k.ventPaaAlarm}, {"retter det, der venter på en person", k.retAlt},
		{"spørger systemerne", k.doem}, {"samler tal", k.saml},
	} {
		k.vis(trin.tekst)
		if err := trin.goer(ctx); err != nil {
			return fmt.Errorf("%s: %w", trin.tekst, err)
		}
	}
	return nil
}

func (k *koersel) vis(s string) { k.valg.Vis(k.spec.Navn + ": " + s) }

func (k *koersel) egen(s *SystemSpec) bool { return k.spec.egen(s, k.valg.Adresser) }

// egen reports whether the municipality has given the addresses of the system, and of those that are simulated together with
// it: then it is not simulated.
func (s *Spec) egen(x *SystemSpec, adresser map[string]string) bool {
	return !slices.ContainsFunc(s.Systemer, func(y SystemSpec) bool {
		return y.Program == x.Program && slices.ContainsFunc(y.Adresser, func(a string) bool { return adresser[a] == "" })
	})
}

// startSystemer starts the simulators of the systems whose addresses are not given.
func (k *koersel) startSystemer(ctx context.Context) error {
	if _, err := os.Stat(k.dir); err == nil {
		return mox.E("afproevning", mox.KodeKonflikt, "i %s er afprøvningen kørt før", k.valg.Dir).Med("giv en tom mappe med --dir")
	}
	for navn, v := range k.valg.Adresser {
		k.vaerdier[navn] = v
	}
	for _, navn := range k.spec.Kraever {
		if k.vaerdier[navn] == "" {
			return mox.E("afproevning", mox.KodeUtilgaengelig, "afprøvningen kræver adressen %s", navn).Med("giv den med --adresse " + navn + "=…")
		}
	}
	systemer := slices.Clone(k.spec.Systemer)
	slices.SortStableFunc(systemer, func(a, b SystemSpec) int { return min(len(a.Kender), 1) - min(len(b.Kender), 1) })
	for i := range systemer {
		s := &systemer[i]
		if k.egen(s) || k.programmer[s.Program] != nil {
			continue
		}
		if err := k.startProgram(ctx, s.Program, s.Kender); err != nil {
			return err
		}
	}
	k.bevis.Simuleret = len(k.programmer) > 0
	return nil
}

func (k *koersel) startProgram(ctx context.Context, program string, kender []string) error {
	antal := k.spec.Belastning.Antal
	if k.valg.Antal > 0 {
		antal = k.valg.Antal
	}
	k.bevis.Belastning.Antal = antal
	navn, mere, _ := strings.Cut(program, ":")
	if mere != "" {
		mere = "_" + mere
	}
	args := []string{"afproevning", "system", navn, "--", "-dir", filepath.Join(k.dir, "systemer", navn+mere), "-antal", fmt.Sprint(antal), "-seed", fmt.Sprint(k.spec.Belastning.Seed)}
	for _, n := range slices.Concat(k.spec.Kraever, kender) {
		args = append(args, "-adresse", n+"="+k.vaerdier[n])
	}
	var svar styring.Svar
	p, err := start(ctx, program, filepath.Join(k.dir, "log", navn+mere+".log"), &svar, k.valg.Program, args...)
	if err != nil {
		return err
	}
	k.programmer[program] = p
	if svar.Fejl != "" {
		return errors.New(svar.Fejl)
	}
	for adresse, v := range svar.Adresser {
		if k.valg.Adresser[adresse+mere] == "" {
			k.vaerdier[adresse+mere] = v
		}
	}
	k.runder = max(k.runder, svar.Runder)
	return nil
}

// laegMOX writes the installations, and lets what is there already happen.
func (k *koersel) laegMOX(ctx context.Context) (err error) {
	if k.alarmer, err = lytEfterAlarmer(); err != nil {
		return err
	}
	for n := range k.spec.Installationer {
		s := &k.spec.Installationer[n]
		i := &installation{spec: s, dir: filepath.Join(k.dir, s.Navn), log: filepath.Join(k.dir, "log", s.Navn+".log"), program: k.valg.Program}
		if err := os.MkdirAll(i.dir, 0o755); err != nil {
			return err
		}
		if err := i.skriv(k.spec.filer, k.vaerdier, k.alarmer.adresse); err != nil {
			return err
		}
		k.installationer = append(k.installationer, i)
	}
	k.spoerger = &spoerger{fyld: erstatning(k.vaerdier), klient: &http.Client{},
		laes: func(fil string) ([]byte, error) { return fs.ReadFile(k.spec.filer, fil) },
		mox: func(ctx context.Context, q MOXSpoergsmaal) ([]string, error) {
			return k.installation(q.Installation).spoerg(ctx, q)
		}}
	for nr := range k.spec.Belastning.FoerMOX {
		if err := k.runde(ctx, nr); err != nil {
			return err
		}
	}
	return nil
}

func (k *koersel) startMOX(ctx context.Context) error {
	for _, i := range k.installationer {
		if err := i.start(ctx); err != nil {
			return err
		}
	}
	return k.opretAbonnementer(ctx)
}

// opretAbonnementer makes the abonnementer that are no agent's, as an operator does.
func (k *koersel) opretAbonnementer(ctx context.Context) error {
	for _, a := range k.spec.Abonnementer {
		kald := drift.OpretAbonnement{Abonnementdefinition: drift.Abonnementdefinition{ID: a.ID, System: a.System, Carrier: a.Carrier, Filter: a.Filter, Modtager: a.Modtager,
			URL: k.spoerger.fyld.Replace(a.URL), Form: a.Form}}
		if err := k.installation(a.Installation).kald(ctx, http.MethodPost, "abonnementer", kald, nil); err != nil {
			return fmt.Errorf("abonnementet %s: %w", a.ID, err)
		}
	}
	return nil
}

// installation is the one of that name; the first where none is named.
func (k *koersel) installation(navn string) *installation {
	for _, i := range k.installationer {
		if i.spec.Navn == navn {
			return i
		}
	}
	return k.installationer[0]
}

// fortael lets the users of the systems do what the story has, with what goes wrong in between; where systems are the
// municipality's own, people do the steps by hand.
func (k *koersel) fortael(ctx context.Context) error {
	for nr := k.spec.Belastning.FoerMOX; nr < k.runder; nr++ {
		k.vis(fmt.Sprintf("runde %d af %d", nr+1, k.runder))
		if err := k.runde(ctx, nr); err != nil {
			return err
		}
		if err := pause(ctx, k.spec.Belastning.Hver.Or(standardHver)); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(k.spec.Systemer, func(s SystemSpec) bool { return k.egen(&s) }) {
		return k.haandtrin(ctx)
	}
	return nil
}

func (k *koersel) runde(ctx context.Context, nr int) error {
	if err := k.indsaet(ctx, func(f *FejlSpec) bool { return f.FoerRunde != nil && *f.FoerRunde == nr }); err != nil {
		return err
	}
	for navn, p := range k.programmer {
		if _, err := bed(ctx, p, styring.Ordre{Goer: "runde", Nr: nr}); err != nil {
			return fmt.Errorf("%s, runde %d: %w", navn, nr, err)
		}
	}
	return k.indsaet(ctx, func(f *FejlSpec) bool { return f.EfterRunde != nil && *f.EfterRunde == nr })
}

func bed(ctx context.Context, p *proces, o styring.Ordre) (styring.Svar, error) {
	var s styring.Svar
	if err := p.bed(ctx, o, &s); err != nil {
		return s, err
	}
	if s.Fejl != "" {
		return s, errors.New(s.Fejl)
	}
	return s, nil
}

// indsaet lets the faults whose time it is happen.
func (k *koersel) indsaet(ctx context.Context, nu func(*FejlSpec) bool) error {
	fejl := slices.Clone(k.spec.Fejl)
	if k.valg.Sabotage && k.spec.Sabotage != nil {
		fejl = append(fejl, *k.spec.Sabotage)
	}
	for i := range fejl {
		f := &fejl[i]
		if !nu(f) {
			continue
		}
		indsat, err := k.rammer(ctx, f)
		if err != nil {
			return fmt.Errorf("fejlen %s: %w", f.Navn, err)
		}
		k.bevis.Fejl = append(k.bevis.Fejl, IndsatFejl{Navn: f.Navn, Tekst: f.Tekst, Tid: time.Now(), Indsat: indsat, Sabotage: f.Navn == ""})
	}
	return nil
}

// rammer lets one fault happen. At the municipality's own systems it does not.
func (k *koersel) rammer(ctx context.Context, f *FejlSpec) (bool, error) {
	if f.Slags == slagsDraeb {
		return true, k.installation(f.Installation).genstart(ctx)
	}
	s := k.spec.system(f.System)
	if k.egen(s) {
		return false, nil
	}
	_, err := bed(ctx, k.programmer[s.Program], styring.Ordre{Goer: "fejl", Navn: f.Goer, Antal: f.Antal, VarighedMS: time.Duration(f.Varighed).Milliseconds()})
	return true, err
}

// haandtrin shows the steps that people do, and waits for their word.
func (k *koersel) haandtrin(ctx context.Context) error {
	k.valg.Vis("Gør dette i kommunens egne systemer, og tryk Enter, når det er gjort:\n  - " + strings.Join(k.spec.Haandtrin, "\n  - "))
	laest := make(chan error, 1)
	go func() {
		_, err := bufio.NewReader(k.valg.Ind).ReadString('\n')
		laest <- err
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-laest:
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
}

// kig is between two looks at whether all is at rest.
const kig = 250 * time.Millisecond

// ro waits until nothing has moved for a while.
func (k *koersel) ro(ctx context.Context) error {
	frist := time.Now().Add(k.spec.Belastning.Frist.Or(standardFrist))
	krav, stille, sidst := k.spec.Belastning.Ro.Or(standardRo), time.Now(), ""
	for time.Since(stille) < krav {
		stand, bevaeger, err := k.bevaeger(ctx)
		if err != nil {
			return err
		}
		if bevaeger || stand != sidst {
			stille, sidst = time.Now(), stand
		}
		if time.Now().After(frist) {
			return fmt.Errorf("der er ikke faldet ro: %s", stand)
		}
		if err := pause(ctx, kig); err != nil {
			return err
		}
	}
	return nil
}

// bevaeger reports whether anything is on its way, and how all stands.
func (k *koersel) bevaeger(ctx context.Context) (stand string, ja bool, err error) {
	var tekst []string
	for _, i := range k.installationer {
		s, err := i.status(ctx)
		if err != nil {
			return "", false, err
		}
		ja = ja || iGang(s) > 0
		tekst = append(tekst, fmt.Sprintf("%s: %d beskeder, %d leveringer undervejs, %d fejl", i.spec.Navn, s.Beskeder, iGang(s), s.AabneFejl))
	}
	for navn, p := range k.programmer {
		s, err := bed(ctx, p, styring.Ordre{Goer: "ro"})
		if err != nil {
			return "", false, err
		}
		if !s.Rolig {
			ja = true
			tekst = append(tekst, navn+" har noget liggende")
		}
	}
	slices.Sort(tekst)
	stand = strings.Join(tekst, "; ")
	k.vis(stand)
	return stand, ja, nil
}

// alarmfrist is how long it may take until the alarm comes: MOX looks every quarter of a minute.
const alarmfrist = 45 * time.Second

// ventPaaAlarm waits for an alarm, where something waits for a person and the trial wants to see one.
func (k *koersel) ventPaaAlarm(ctx context.Context) error {
	if !slices.ContainsFunc(k.spec.Kriterier, func(x Kriterium) bool { return x.Antal == opgAlarmer }) {
		return nil
	}
	for frist := time.Now().Add(alarmfrist); len(k.alarmer.modtagne()) == 0 && time.Now().Before(frist); {
		if err := pause(ctx, kig); err != nil {
			return err
		}
	}
	return nil
}

// retAlt lets people act, in the order the trial has it, and waits for rest after each.
func (k *koersel) retAlt(ctx context.Context) error {
	for i := range k.spec.Rettelser {
		foer := len(k.bevis.Rettelser)
		if err := k.ret(ctx, &k.spec.Rettelser[i]); err != nil {
			return err
		}
		if len(k.bevis.Rettelser) == foer {
			continue
		}
		if err := k.ro(ctx); err != nil {
			return err
		}
	}
	return nil
}

// doem asks the systems, and holds what they say against the criteria.
func (k *koersel) doem(ctx context.Context) error {
	poster := map[string][]string{opgAlarmer: nil, opgRettelser: nil, opgFejl: nil}
	for _, a := range k.alarmer.modtagne() {
		poster[opgAlarmer] = append(poster[opgAlarmer], a.Tekst)
	}
	for _, r := range k.bevis.Rettelser {
		poster[opgRettelser] = append(poster[opgRettelser], r.Goer)
	}
	for _, f := range k.bevis.Fejl {
		if f.Indsat && !f.Sabotage {
			poster[opgFejl] = append(poster[opgFejl], f.Navn)
		}
	}
	uden := map[string]bool{opgFejl: !k.altSimuleret()}
	for navn, o := range k.spec.Opgoerelser {
		if uden[navn] = bool(o.KunSimuleret) && !k.altSimuleret(); uden[navn] {
			continue
		}
		svar, err := k.spoerger.spoerg(ctx, o)
		if err != nil {
			return fmt.Errorf("opgørelsen %s: %w", navn, err)
		}
		poster[navn] = svar
	}
	for _, x := range k.spec.Kriterier {
		m := x.doem(poster)
		if slices.ContainsFunc(x.navne(), func(n string) bool { return uden[n] }) {
			m = Maaling{Navn: x.Navn, Tekst: x.Tekst, Udsagn: x.Udsagn, IkkeMaalt: true, Maalt: "ikke målt: kommunens egne systemer fortæller det ikke"}
		}
		k.bevis.Kriterier = append(k.bevis.Kriterier, m)
	}
	return nil
}

func (k *koersel) altSimuleret() bool {
	return !slices.ContainsFunc(k.spec.Systemer, func(s SystemSpec) bool { return k.egen(&s) })
}

// luk stops everything, MOX first.
func (k *koersel) luk() error {
	var err error
	for _, i := range k.installationer {
		err = errors.Join(err, i.stop())
	}
	for _, p := range k.programmer {
		err = errors.Join(err, p.stop())
	}
	if k.alarmer != nil {
		err = errors.Join(err, k.alarmer.luk())
	}
	return err
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// udenMapper is a text without where this run has its folders: a reader has other ones.
func (k *koersel) udenMapper(s string) string {
	for _, i := range k.installationer {
		s = strings.ReplaceAll(s, i.dir+string(filepath.Separator), "")
	}
	return strings.ReplaceAll(s, k.dir, ".")
}

func maskine() string {
	return fmt.Sprintf("%s/%s, %d kerner", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}
