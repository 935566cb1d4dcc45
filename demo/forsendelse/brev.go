package forsendelse

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Operations.
const (
	opSendBrev          = "SendBrev"
	opFindBrev          = "FindBrev"
	opSendRekommanderet = "SendRekommanderet"
)

// brevnoegle is what a letter is about: the version of a case or of a document.
type brevnoegle struct {
	operation string
	nr        string
	revision  int
}

// skalAfbrydes says whether the answer about a letter gets lost, and remembers that it did.
func (s *System) skalAfbrydes(n brevnoegle) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.afbrudt[n] || !s.opts.CrashAfter(n.operation, n.nr, n.revision) {
		return false
	}
	s.afbrudt[n] = true
	return true
}

// brev is an ordinary letter.
type brev struct {
	reference     string
	sagsnummer    string
	revision      int
	journalnummer string
	modtagerCPR   string
	emne          string
	tekst         string
}

func laesBrev(a anmodning) (b brev, err error) {
	v, err := a.iOrden("Reference", "Sagsnummer", "Revision", "Journalnummer", "ModtagerCpr", "Emne", "Tekst")
	if err != nil {
		return b, err
	}
	b = brev{reference: v[0], sagsnummer: v[1], journalnummer: v[3], emne: v[5], tekst: v[6]}
	if err := udfyldt("Reference", b.reference, "Sagsnummer", b.sagsnummer, "Emne", b.emne); err != nil {
		return b, err
	}
	if b.revision, err = laesRevision(v[2]); err != nil {
		return b, err
	}
	b.modtagerCPR, err = laesModtager(v[4])
	return b, err
}

// brevSvar is the answer to SendBrev.
type brevSvar struct {
	XMLName        xml.Name `xml:"http://forsendelse.example/ws/2019 SendBrevResponse"`
	ForsendelsesID string   `xml:"ForsendelsesId"`
	AfsendtDato    string
	Sagsnummer     string
	Revision       int
}

// sendBrev sends a letter, whether or not one like it was sent before.
func (s *System) sendBrev(ctx context.Context, b brev) (brevSvar, error) {
	now := s.now()
	svar := brevSvar{AfsendtDato: now.Format(isoDato), Sagsnummer: b.sagsnummer, Revision: b.revision}
	noegle := brevnoegle{opSendBrev, b.sagsnummer, b.revision}
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		var lbnr int64
		if err := tx.QueryRowContext(ctx, `INSERT INTO brev (reference, sagsnummer, revision, journalnummer, modtager_cpr,
			emne, tekst, afsendt) VALUES (?,?,?,?,?,?,?,?) RETURNING lbnr`, b.reference, b.sagsnummer, b.revision,
			b.journalnummer, b.modtagerCPR, b.emne, b.tekst, svar.AfsendtDato).Scan(&lbnr); err != nil {
			return err
		}
		svar.ForsendelsesID = forsendelsesID(lbnr)
		return post{noegle, b.reference, b.modtagerCPR, hexSHA256([]byte(b.tekst)), svar.ForsendelsesID, now.Format(isoTid)}.log(ctx, tx)
	})
	if err == nil && s.skalAfbrydes(noegle) {
		err = errAfbrudt
	}
	return svar, err
}

func laesFind(a anmodning) (reference string, err error) {
	v, err := a.iOrden("Reference")
	if err != nil {
		return "", err
	}
	return v[0], udfyldt("Reference", v[0])
}

// findSvar is the answer to FindBrev. Only Fundet is there when nothing was found.
type findSvar struct {
	XMLName        xml.Name `xml:"http://forsendelse.example/ws/2019 FindBrevResponse"`
	Fundet         bool
	ForsendelsesID string `xml:"ForsendelsesId,omitempty"`
	AfsendtDato    string `xml:",omitempty"`
	Sagsnummer     string `xml:",omitempty"`
	Revision       int    `xml:",omitempty"`
}

// findBrev finds the latest letter with the reference.
func (s *System) findBrev(ctx context.Context, reference string) (findSvar, error) {
	var svar findSvar
	var lbnr int64
	err := s.db.QueryRowContext(ctx, `SELECT lbnr, afsendt, sagsnummer, revision FROM brev WHERE reference = ?
		ORDER BY lbnr DESC LIMIT 1`, reference).Scan(&lbnr, &svar.AfsendtDato, &svar.Sagsnummer, &svar.Revision)
	if errors.Is(err, sql.ErrNoRows) {
		return findSvar{}, nil
	}
	svar.Fundet, svar.ForsendelsesID = true, forsendelsesID(lbnr)
	return svar, err
}

// rekommanderet is a registered letter.
type rekommanderet struct {
	modtagerCPR    string
	emne           string
	dokumentnummer string
	revision       int
	journalnummer  string
	indhold        []byte
}

func laesRekommanderet(a anmodning) (b rekommanderet, err error) {
	v, err := a.iOrden("ModtagerCpr", "Emne", "Dokumentnummer", "Revision", "Journalnummer", "Indhold")
	if err != nil {
		return b, err
	}
	b = rekommanderet{emne: v[1], dokumentnummer: v[2], journalnummer: v[4]}
	if err := udfyldt("Emne", b.emne, "Dokumentnummer", b.dokumentnummer, "Indhold", v[5]); err != nil {
		return b, err
	}
	if b.revision, err = laesRevision(v[3]); err != nil {
		return b, err
	}
	if b.indhold, err = laesIndhold(v[5]); err != nil {
		return b, err
	}
	b.modtagerCPR, err = laesModtager(v[0])
	return b, err
}

// rekommanderetSvar is the answer to SendRekommanderet.
type rekommanderetSvar struct {
	XMLName        xml.Name `xml:"http://forsendelse.example/ws/2019 SendRekommanderetResponse"`
	Stregkode      string
	AfsendtDato    string
	Dokumentnummer string
	Revision       int
}

// sendRekommanderet sends a registered letter, whether or not one like it was sent before.
func (s *System) sendRekommanderet(ctx context.Context, b rekommanderet) (rekommanderetSvar, error) {
	now := s.now()
	svar := rekommanderetSvar{AfsendtDato: now.Format(isoDato), Dokumentnummer: b.dokumentnummer, Revision: b.revision}
	noegle := brevnoegle{opSendRekommanderet, b.dokumentnummer, b.revision}
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		var lbnr int64
		if err := tx.QueryRowContext(ctx, `INSERT INTO rekommanderet (modtager_cpr, emne, dokumentnummer, revision,
			journalnummer, afsendt, indhold) VALUES (?,?,?,?,?,?,?) RETURNING lbnr`, b.modtagerCPR, b.emne,
			b.dokumentnummer, b.revision, b.journalnummer, svar.AfsendtDato, b.indhold).Scan(&lbnr); err != nil {
			return err
		}
		svar.Stregkode = stregkode(lbnr)
		return post{noegle, "", b.modtagerCPR, hexSHA256(b.indhold), svar.Stregkode, now.Format(isoTid)}.log(ctx, tx)
	})
	if err == nil && s.skalAfbrydes(noegle) {
		err = errAfbrudt
	}
	return svar, err
}

// udfyldt takes names and values in turn and faults at the first value that is blank.
func udfyldt(navneOgVaerdier ...string) error {
	for i := 0; i < len(navneOgVaerdier); i += 2 {
		if strings.TrimSpace(navneOgVaerdier[i+1]) == "" {
			return ugyldig("%s skal være udfyldt", navneOgVaerdier[i])
		}
	}
	return nil
}

func laesRevision(v string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil || n < 1 {
		return 0, ugyldig("Revision er ikke et tal fra 1 og op: %q", v)
	}
	return n, nil
}

// laesModtager accepts ten digits that somebody might have.
func laesModtager(v string) (cpr string, err error) {
	cpr = strings.TrimSpace(v)
	if len(cpr) != 10 || strings.Trim(cpr, "0123456789") != "" {
		return "", ugyldig("ModtagerCpr er ikke ti cifre")
	}
	if strings.HasPrefix(cpr, "0000") {
		return "", &fault{Kode: kodeUkendt, Tekst: "modtageren findes ikke"}
	}
	return cpr, nil
}

// laesIndhold decodes base64, in which white space does not count.
func laesIndhold(v string) ([]byte, error) {
	indhold, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(v), ""))
	if err != nil {
		return nil, ugyldig("Indhold er ikke base64: %v", err)
	}
	return indhold, nil
}

func forsendelsesID(lbnr int64) string { return fmt.Sprintf("F-%06d", lbnr) }

// stregkode is the number on a registered letter (UPU S10): RR, eight digits, a check digit and DK.
func stregkode(lbnr int64) string {
	cifre := fmt.Sprintf("%08d", lbnr%1e8)
	sum := 0
	for i, vaegt := range [...]int{8, 6, 4, 2, 3, 5, 9, 7} {
		sum += int(cifre[i]-'0') * vaegt
	}
	kontrol := 11 - sum%11
	switch kontrol {
	case 10:
		kontrol = 0
	case 11:
		kontrol = 5
	}
	return fmt.Sprintf("RR%s%dDK", cifre, kontrol)
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
