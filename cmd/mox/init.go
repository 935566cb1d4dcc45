package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
)

// nyInstallation is what mox init asks about.
type nyInstallation struct {
	Navn, CVR string
	Agenter   []nyAgent
}

func (e *env) opsaetning() *cobra.Command {
	var dir, navn, cvr string
	var systemer []string
	c := &cobra.Command{
		Use: "init", Short: "Lav en opsætning, der kører: spørger om kommunens navn, CVR-nummer og systemer",
		Long: "Lav en opsætning, der kører. Det, der ikke gives som flag, spørges der om.\n" +
			"Et system, der nås gennem mapper, kører straks; de andre er skrevet, men venter på deres adresser.\n" + exitTekst,
		Args: argumenter(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			o, err := e.spoerg(navn, cvr, systemer)
			if err != nil {
				return err
			}
			filer, err := o.skriv(dir)
			if err != nil {
				return err
			}
			return e.skriv(map[string]any{"dir": dir, "filer": filer}, func(w io.Writer) { visOpsaetning(w, dir, o, filer) })
		},
	}
	c.Flags().StringVar(&dir, "dir", "mox-data", "datamappen")
	c.Flags().StringVar(&navn, "navn", "", "kommunens navn")
	c.Flags().StringVar(&cvr, "cvr", "", "kommunens CVR-nummer, 8 cifre")
	c.Flags().StringArrayVar(&systemer, "system", nil, "et system og hvordan det nås, fx \"Byggesag=folder\" eller ESDH=http; kan gives flere gange")
	return c
}

// spoerg asks for what the flags did not tell, and says again what is wrong with an answer.
func (e *env) spoerg(navn, cvr string, systemer []string) (o nyInstallation, err error) {
	s := &spoerger{ud: e.err}
	if e.in != nil {
		s.ind = bufio.NewScanner(e.in)
	}
	if o.Navn, err = s.svar(navn, "--navn", "Kommunens navn", godtNavn); err != nil {
		return o, err
	}
	if o.CVR, err = s.svar(cvr, "--cvr", "CVR-nummer (8 cifre)", godtCVR); err != nil {
		return o, err
	}
	if len(systemer) > 0 {
		for _, x := range systemer {
			if err := o.laeg(x); err != nil {
				return o, err
			}
		}
		return o, nil
	}
	for {
		linje, err := s.linje("System og hvordan det nås (" + strings.Join(agenttyper(), ", ") + "), fx Byggesag=folder; en tom linje slutter")
		if errors.Is(err, io.EOF) && len(o.Agenter) == 0 {
			return o, brugsfejl{errors.New("giv mindst ét system med --system")}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return o, err
		}
		if linje == "" && len(o.Agenter) > 0 {
			return o, nil
		}
		if linje != "" {
			s.brok(o.laeg(linje))
		}
	}
}

// laeg adds the system that "NAVN=TYPE" tells of.
func (o *nyInstallation) laeg(linje string) error {
	system, type_, _ := strings.Cut(linje, "=")
	n, err := nyAgentFor(system, cmp.Or(strings.TrimSpace(type_), "folder"))
	if err != nil {
		return err
	}
	for _, a := range o.Agenter {
		if a.Agent == n.Agent {
			return mox.E("init", mox.KodeKonflikt, "der er to systemer, der hedder %s", n.System).Med("giv dem hver sit navn")
		}
	}
	o.Agenter = append(o.Agenter, n)
	return nil
}

func godtNavn(s string) error {
	if s == "" || strings.ContainsAny(s, "\"\\\n") {
		return mox.E("init", mox.KodeUgyldig, "navnet mangler, eller har tegn, der ikke kan bruges").Med("skriv fx Eksempel Kommune")
	}
	return nil
}

func godtCVR(s string) error {
	if !regexp.MustCompile(`^[0-9]{8}$`).MatchString(s) {
		return mox.E("init", mox.KodeUgyldig, "%q er ikke et CVR-nummer", mox.Maskeret(s)).Med("skriv 8 cifre")
	}
	return nil
}

// spoerger asks a person, or reads the answers from a file.
type spoerger struct {
	ind *bufio.Scanner // nil = nobody answers
	ud  io.Writer
}

// linje asks for one line; [io.EOF] when nobody answers.
func (s *spoerger) linje(spoergsmaal string) (string, error) {
	fmt.Fprint(s.ud, spoergsmaal+": ")
	if s.ind == nil || !s.ind.Scan() {
		fmt.Fprintln(s.ud)
		if s.ind != nil && s.ind.Err() != nil {
			return "", s.ind.Err()
		}
		return "", io.EOF
	}
	return strings.TrimSpace(s.ind.Text()), nil
}

// svar is what the flag told, or else the first answer that is well.
func (s *spoerger) svar(givet, flag, spoergsmaal string, godt func(string) error) (string, error) {
	if givet = strings.TrimSpace(givet); givet != "" {
		return givet, godt(givet)
	}
	for {
		linje, err := s.linje(spoergsmaal)
		if errors.Is(err, io.EOF) {
			return "", brugsfejl{fmt.Errorf("giv %s", flag)}
		}
		if err != nil {
			return "", err
		}
		if err := godt(linje); err == nil {
			return linje, nil
		} else {
			s.brok(err)
		}
	}
}

func (s *spoerger) brok(err error) {
	if err != nil {
		fmt.Fprintln(s.ud, mox.Forklaring(err))
	}
}

// skriv writes the configuration in dir, which must have none.
func (o nyInstallation) skriv(dir string) (filer []string, err error) {
	yaml := filepath.Join(dir, "mox.yaml")
	if _, err := os.Stat(yaml); !errors.Is(err, fs.ErrNotExist) {
		return nil, mox.E("init", mox.KodeKonflikt, "%s er der allerede; intet er ændret", yaml).Med("giv en anden mappe med --dir, eller ret filen")
	}
	for _, a := range o.Agenter {
		nye, err := a.skriv(dir)
		if err != nil {
			return filer, err
		}
		aftale := filepath.Join(dir, "aftaler", a.Agent+".yaml")
		if err := skrivNy("aftale.yaml", aftale, struct {
			nyAgent
			Navn, CVR string
		}{a, o.Navn, o.CVR}); err != nil {
			return filer, err
		}
		filer = append(append(filer, nye...), aftale)
	}
	return append(filer, yaml), skrivNy("mox.yaml", yaml, o) // last: with it, it is a configuration
}

func visOpsaetning(w io.Writer, dir string, o nyInstallation, filer []string) {
	fmt.Fprintf(w, "%s\n\nMOX kan startes:\n  mox serve --dir %s\n", strings.Join(filer, "\n"), dir)
	for _, a := range o.Agenter {
		mappe := filepath.Join(dir, a.Agent)
		if a.Type == "folder" {
			fmt.Fprintf(w, "%s: læg en CSV-fil med SAGSNR;TITEL;STATUS;KLE i %s; de andres sager kommer i %s\n", a.System, filepath.Join(mappe, "ud"), filepath.Join(mappe, "ind"))
		} else {
			fmt.Fprintf(w, "%s: ret adresserne i %s, prøv med mox agent check --live, og fjern # ved agenten i mox.yaml\n", a.System, filepath.Join(mappe, "agent.yaml"))
		}
	}
}
