// Package blanket is a web form's machine room: it leaves what citizens have sent in as XML files on an SFTP server, which is
// OpenSSH's own. A file is written as NAME.xml.skriver and renamed. The files are in windows-1252, points in time are Danish
// local time without zone, and a citizen who presses twice is there twice: the same file under another name.
//
//	<Indsendelse><Id>B-0001</Id><Modtaget>02-03-2026 08:14:00</Modtaget><Emne kle="02.34.02">…</Emne><Borger cpr="…" mail="…">Navn</Borger></Indsendelse>
package blanket

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	_ "time/tzdata" // the system writes Danish local time, also on machines without a time zone database

	"golang.org/x/crypto/ssh"
	"golang.org/x/text/encoding/charmap"

	"github.com/moxkit/mox/afproevning/systemer/styring"
)

// SSHD is the address of OpenSSH's server: the path of its program.
const SSHD = "SSHD"

const skema = `CREATE TABLE IF NOT EXISTS INDSENDELSE (ID TEXT PRIMARY KEY, EMNE TEXT NOT NULL, CPR TEXT NOT NULL, MAIL TEXT NOT NULL);`

const (
	runder   = 4
	danskTid = "02-01-2006 15:04:05"
)

// System is the machine room, running.
type System struct {
	dir, program  string
	antal         int
	db            *sql.DB
	zone          *time.Location
	lytter        net.Listener
	vaert, privat string
	brugernavn    string
	nedeTil       atomic.Int64 // unix nanoseconds
	stop          context.CancelFunc
	kasse         sync.WaitGroup
}

// Start opens the system and its SFTP server.
func Start(ctx context.Context, v styring.Valg) (_ styring.System, err error) {
	s := &System{dir: v.Dir, antal: v.Antal, program: v.Adresser[SSHD]}
	if s.program == "" {
		return nil, errors.New("adressen SSHD mangler: stien til OpenSSH's server, /usr/sbin/sshd")
	}
	if s.zone, err = time.LoadLocation("Europe/Copenhagen"); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.ud(), 0o755); err != nil {
		return nil, err
	}
	if s.db, err = styring.Database(filepath.Join(v.Dir, "blanket.db"), skema); err != nil {
		return nil, err
	}
	ctx, s.stop = context.WithCancel(ctx)
	if err := s.lyt(ctx, v); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	return s, nil
}

func (s *System) ud() string { return filepath.Join(s.dir, "ud") }

// lyt lets OpenSSH serve each connection, as inetd does.
func (s *System) lyt(ctx context.Context, v styring.Valg) error {
	konfiguration, err := s.nyeNoegler()
	if err != nil {
		return err
	}
	if s.lytter, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	s.kasse.Go(func() {
		for {
			c, err := s.lytter.Accept()
			if err != nil {
				return // closed
			}
			if time.Now().UnixNano() < s.nedeTil.Load() {
				_ = c.Close() // nobody is told anything
				continue
			}
			s.kasse.Go(func() { s.betjen(ctx, c.(*net.TCPConn), konfiguration, v) })
		}
	})
	return nil
}

func (s *System) betjen(ctx context.Context, c *net.TCPConn, konfiguration string, v styring.Valg) {
	f, err := c.File()
	_ = c.Close() // the program has its own
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }() // the program has had it
	cmd := exec.CommandContext(ctx, s.program, "-i", "-e", "-f", konfiguration)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = f, f, v.Log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // it has children
	_ = cmd.Run()                                                                        // a connection that is broken off is its client's business
}

// nyeNoegler makes the server's and the user's keys, and the server's configuration.
func (s *System) nyeNoegler() (konfiguration string, err error) {
	hvem, err := user.Current()
	if err != nil {
		return "", err
	}
	s.brugernavn = hvem.Username
	vaertPrivat, vaert, err := noeglepar()
	if err != nil {
		return "", err
	}
	privat, offentlig, err := noeglepar()
	if err != nil {
		return "", err
	}
	s.vaert, s.privat = vaert, privat
	abs, err := filepath.Abs(s.dir)
	if err != nil {
		return "", err
	}
	if os.Geteuid() == 0 { // the server wants it, and only its service makes it
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			return "", err
		}
	}
	konfiguration = filepath.Join(abs, "sshd_config")
	return konfiguration, errors.Join(os.WriteFile(filepath.Join(abs, "vaert"), []byte(vaertPrivat), 0o600), os.WriteFile(filepath.Join(abs, "tilladte"), []byte(offentlig+"\n"), 0o600),
		os.WriteFile(konfiguration, []byte(strings.Join([]string{"HostKey " + filepath.Join(abs, "vaert"), "AuthorizedKeysFile " + filepath.Join(abs, "tilladte"), "PidFile none", "UsePAM no",
			"StrictModes no", "PermitRootLogin prohibit-password", "PasswordAuthentication no", "KbdInteractiveAuthentication no", "LogLevel ERROR", "Subsystem sftp internal-sftp", ""}, "\n")), 0o600))
}

func noeglepar() (privat, offentlig string, err error) {
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		return "", "", err
	}
	blok, err := ssh.MarshalPrivateKey(priv, "")
	if err != nil {
		return "", "", err
	}
	k, err := ssh.NewPublicKey(pub)
	if err != nil {
		return "", "", err
	}
	return string(pem.EncodeToMemory(blok)), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k))), nil
}

// Adresser implements [styring.System].
func (s *System) Adresser() map[string]string {
	abs, err := filepath.Abs(s.ud())
	if err != nil {
		abs = s.ud()
	}
	return map[string]string{"BLANKET_SFTP": s.lytter.Addr().String(), "BLANKET_VAERTSNOEGLE": s.vaert, "BLANKET_BRUGER": s.brugernavn, "BLANKET_NOEGLE": s.privat, "BLANKET_MAPPE": abs,
		"BLANKET_DB": filepath.Join(s.dir, "blanket.db")}
}

// Runder implements [styring.System].
func (s *System) Runder() int { return runder }

// Runde implements [styring.System]: citizens send in their share, and one in seven presses twice.
func (s *System) Runde(ctx context.Context, nr int) error {
	if nr >= runder {
		return nil
	}
	del := (s.antal + runder - 1) / runder
	for i := nr * del; i < min((nr+1)*del, s.antal); i++ {
		x := s.indsendelse(i)
		if _, err := s.db.ExecContext(ctx, `INSERT INTO INDSENDELSE (ID, EMNE, CPR, MAIL) VALUES (?, ?, ?, ?)`, x.ID, x.Emne.Tekst, x.Borger.CPR, x.Borger.Mail); err != nil {
			return err
		}
		for n := range 1 + (i%7)/6 {
			if err := s.skriv(fmt.Sprintf("blanket_%05d_%d.xml", i, n), x); err != nil {
				return err
			}
		}
	}
	return nil
}

// indsendelse is a file.
type indsendelse struct {
	XMLName  xml.Name `xml:"Indsendelse"`
	ID       string   `xml:"Id"`
	Modtaget string
	Emne     struct {
		KLE   string `xml:"kle,attr"`
		Tekst string `xml:",chardata"`
	}
	Borger struct {
		CPR  string `xml:"cpr,attr"`
		Mail string `xml:"mail,attr"`
		Navn string `xml:",chardata"`
	}
	Browser string // what no caseworker asks for
}

// nrUkendtKLE is the submission whose form had a subject number that the records system does not know.
const nrUkendtKLE = 9

func (s *System) indsendelse(i int) (x indsendelse) {
	x.ID, x.Modtaget = fmt.Sprintf("B-%04d", i+1), time.Date(2026, 3, 2, 7, i, 0, 0, time.UTC).In(s.zone).Format(danskTid)
	x.Emne.KLE, x.Emne.Tekst = "02.34.02", []string{"Tilladelse til skur", "Nabohøring – indsigelse", "Aktindsigt i byggesag", "Ændret beboelse"}[i%4]
	if i == nrUkendtKLE {
		x.Emne.KLE = "99.99.99"
	}
	x.Borger.CPR, x.Borger.Mail, x.Borger.Navn = fmt.Sprintf("3102%02d%04d", 55+i%30, 4000+i), fmt.Sprintf("borger%d@example.dk", i+1), []string{"Åge Prøvesen", "Søren Testgård"}[i%2]
	x.Browser = "Mozilla/5.0"
	return x
}

func (s *System) skriv(navn string, x indsendelse) error {
	b, err := xml.Marshal(x)
	if err != nil {
		return err
	}
	ud, err := charmap.Windows1252.NewEncoder().Bytes(append([]byte(`<?xml version="1.0" encoding="windows-1252"?>`+"\r\n"), b...))
	if err != nil {
		return err
	}
	fil := filepath.Join(s.ud(), navn)
	return errors.Join(os.WriteFile(fil+".skriver", ud, 0o644), os.Rename(fil+".skriver", fil))
}

// Fejl implements [styring.System]: "ned" lets the SFTP server answer nobody for so long.
func (s *System) Fejl(_ context.Context, navn string, _ int, varighed time.Duration) error {
	if navn != "ned" {
		return fmt.Errorf("blanket: kender ikke fejlen %q", navn)
	}
	s.nedeTil.Store(time.Now().Add(varighed).UnixNano())
	return nil
}

// Rolig implements [styring.System]: it is at rest when somebody has taken every file away.
func (s *System) Rolig(context.Context) (bool, error) {
	filer, err := filepath.Glob(filepath.Join(s.ud(), "*.xml"))
	return len(filer) == 0, err
}

// Close implements [styring.System].
func (s *System) Close() error {
	s.stop()
	err := s.lytter.Close()
	s.kasse.Wait()
	return errors.Join(err, s.db.Close())
}
