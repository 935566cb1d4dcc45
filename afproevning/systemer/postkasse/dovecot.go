package postkasse

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// kodeord is everybody's password.
const kodeord = "postkasse-hemmelig"

// dovecot is the mail server with data of its own, in a folder that its other users may enter.
type dovecot struct {
	program, dir, port string
	log                io.Writer
	cmd                *exec.Cmd
}

// nyDovecot starts a server on a free port of this machine.
func nyDovecot(program string, log io.Writer) (_ *dovecot, err error) {
	d := &dovecot{program: program, log: log}
	if d.dir, err = os.MkdirTemp("", "mox-postkasse-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.luk())
		}
	}()
	if err := os.Chmod(d.dir, 0o755); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, d.port, _ = net.SplitHostPort(l.Addr().String())
	if err := l.Close(); err != nil {
		return nil, err
	}
	if err := d.konfigurer(); err != nil {
		return nil, err
	}
	return d, d.start()
}

func (d *dovecot) adresse() string { return net.JoinHostPort("127.0.0.1", d.port) }

func (d *dovecot) fil() string { return filepath.Join(d.dir, "dovecot.conf") }

// konfigurer writes the server's configuration; 2.4 took another form than 2.3. As root it keeps the mails as the user mail,
// since it refuses to as root; as anyone else all of it is that one.
func (d *dovecot) konfigurer() error {
	version, err := exec.Command(d.program, "--version").Output()
	if err != nil {
		return fmt.Errorf("%s: %w", d.program, err)
	}
	hvem, err := user.Current()
	if err != nil {
		return err
	}
	gruppe, err := user.LookupGroupId(hvem.Gid)
	if err != nil {
		return err
	}
	tekst := dovecot24
	if strings.HasPrefix(string(version), "2.3.") {
		tekst = dovecot23
	}
	tekst += faelles
	holder := hvem
	if hvem.Uid == "0" {
		if holder, err = user.Lookup("mail"); err != nil {
			return err
		}
	} else {
		tekst += fmt.Sprintf("default_internal_user = %s\ndefault_login_user = %[1]s\ndefault_internal_group = %s\n", hvem.Username, gruppe.Name)
		tekst += "service imap-login {\n  chroot =\n}\nservice anvil {\n  chroot =\n}\n"
	}
	mails := filepath.Join(d.dir, "mails")
	if err := os.Mkdir(mails, 0o755); err != nil {
		return err
	}
	uid, uidFejl := strconv.Atoi(holder.Uid)
	gid, gidFejl := strconv.Atoi(holder.Gid)
	if err := errors.Join(uidFejl, gidFejl, os.Chown(mails, uid, gid)); err != nil {
		return err
	}
	tekst = strings.NewReplacer("@DIR@", d.dir, "@PORT@", d.port, "@KODEORD@", kodeord, "@UID@", holder.Uid, "@GID@", holder.Gid).Replace(tekst)
	return os.WriteFile(d.fil(), []byte(tekst), 0o600)
}

const dovecot23 = `mail_location = maildir:~/Maildir
userdb {
  driver = static
  args = uid=@UID@ gid=@GID@ home=@DIR@/mails/%u
}
passdb {
  driver = static
  args = password=@KODEORD@
}
`

const dovecot24 = `dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
mail_driver = maildir
mail_path = ~/Maildir
userdb static {
  fields {
    uid = @UID@
    gid = @GID@
    home = @DIR@/mails/%{user}
  }
}
passdb static {
  password = @KODEORD@
}
`

const faelles = `base_dir = @DIR@/run
state_dir = @DIR@/run
log_path = /dev/stderr
info_log_path = /dev/null
protocols = imap
listen = 127.0.0.1
ssl = no
first_valid_uid = 1
service imap-login {
  inet_listener imap {
    port = @PORT@
  }
  inet_listener imaps {
    port = 0
  }
}
`

// start starts the program, and waits until it greets.
func (d *dovecot) start() error {
	d.cmd = exec.Command(d.program, "-F", "-c", d.fil())
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	if err := d.cmd.Start(); err != nil {
		d.cmd = nil
		return err
	}
	kig := time.NewTicker(20 * time.Millisecond)
	defer kig.Stop()
	for frist := time.After(startfrist); ; {
		select {
		case <-kig.C:
			if d.hilser() {
				return nil
			}
		case <-frist:
			return errors.Join(errors.New("mailserveren startede ikke"), d.stop())
		}
	}
}

// startfrist is how long the server may take until it greets.
const startfrist = 20 * time.Second

func (d *dovecot) hilser() bool {
	c, err := net.DialTimeout("tcp", d.adresse(), time.Second)
	if err != nil {
		return false
	}
	defer func() { _ = c.Close() }()                    // nothing is written
	_ = c.SetDeadline(time.Now().Add(10 * time.Second)) // a connection always can
	linje, err := bufio.NewReader(c).ReadString('\n')
	return err == nil && strings.HasPrefix(linje, "* OK")
}

// stop ends the program, and those it has started.
func (d *dovecot) stop() error {
	if d.cmd == nil {
		return nil
	}
	err := d.cmd.Process.Signal(syscall.SIGTERM)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	_ = d.cmd.Wait() // it was told to end
	d.cmd = nil
	return err
}

// luk ends the server, and removes what it has.
func (d *dovecot) luk() error { return errors.Join(d.stop(), os.RemoveAll(d.dir)) }
