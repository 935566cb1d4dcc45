# A client that knows the service by its WSDL only: it calls all eight operations, and prints "ok" when each has answered as
# it should. Usage: klient.py WSDL sag|dokument
import sys
import uuid

import zeep


def main(wsdl, hvad):
    client = zeep.Client(wsdl)
    service = client.service
    virkning = {"FraTidspunkt": {"TidsstempelDatoTid": "2026-01-01T00:00:00Z"}, "TilTidspunkt": {"GraenseIndikator": True}}

    def lister(titel, fremdrift):
        egenskaber = {"Virkning": virkning, "BrugervendtNoegle": "Z-1", "Beskrivelse": "Æblegård", "Titel": titel, "Kassationskode": "B"}
        ud = {"TilstandListe": {"Fremdrift": [{"Virkning": virkning, "FremdriftStatusKode": fremdrift}]}}
        rolle = {"URNIdentifikator": "urn:mox:rolle:ejer"}
        ejer = {"Virkning": virkning, "Rolle": rolle, "ReferenceID": {"URNIdentifikator": "urn:oio:cvr-nr:12345678"}}
        if hvad == "sag":
            egenskaber["Sagsnummer"] = "Z-1"
            ud["RelationListe"] = {"Sagsaktoer": [ejer]}
        else:
            egenskaber["BrevDato"] = "2026-01-02"
            egenskaber["Type"] = "Brev"
            ud["RelationListe"] = {"Dokumentaktoer": [ejer]}
            ud["VariantListe"] = {"Variant": [{"Variant": "PDF", "Egenskaber": [{"Virkning": virkning, "ProduktionIndikator": True}]}]}
        ud["AttributListe"] = {"Egenskaber": [egenskaber]}
        return ud

    def retur(svar):
        return svar.StandardRetur if hasattr(svar, "StandardRetur") else svar

    def ok(svar, kode=20):
        status = retur(svar).StatusKode
        assert status == kode, (status, kode, svar)
        return svar

    foerste = "Opstaaet" if hvad == "sag" else "Modtaget"
    anden = "Oplyst" if hvad == "sag" else "Fordelt"
    objekt = "Sag" if hvad == "sag" else "DokumentIndeks"

    nyt = ok(service.opret(NoteTekst="ny", **lister("Carport", foerste))).UUIDIdentifikator
    uuid.UUID(nyt)
    billede = ok(service.laes(UUIDIdentifikator=nyt)).FiltreretOejebliksbillede
    reg = billede.Registrering[0]
    assert billede.ObjektType.UUIDIdentifikator == nyt and reg.NoteTekst == "ny" and reg.LivscyklusKode == "Opstaaet", reg
    assert reg.AttributListe.Egenskaber[0].Titel == "Carport", reg

    # What was read goes back with one word changed.
    ret = {"AttributListe": reg.AttributListe, "TilstandListe": lister("", anden)["TilstandListe"]}
    ret["AttributListe"].Egenskaber[0].Titel = "Garage"
    ok(service.ret(UUIDIdentifikator=nyt, **ret))
    reg = ok(service.list(UUIDIdentifikator=[nyt])).FiltreretOejebliksbillede[0].Registrering[0]
    assert reg.AttributListe.Egenskaber[0].Titel == "Garage" and reg.TilstandListe.Fremdrift[0].FremdriftStatusKode == anden, reg
    familie = reg.RelationListe.Sagsaktoer if hvad == "sag" else reg.RelationListe.Dokumentaktoer
    assert familie[0].ReferenceID.URNIdentifikator == "urn:oio:cvr-nr:12345678", reg

    soeg = {"AttributListe": {"Egenskaber": [{"Titel": "gar%"}]}, "TilstandListe": {}, "RelationListe": {}}
    if hvad == "dokument":
        assert reg.VariantListe.Variant[0].Egenskaber[0].ProduktionIndikator is True, reg
        soeg["VariantListe"] = {}
    fundet = ok(service.soeg(**soeg))
    assert list(fundet.IdListe.UUIDIdentifikator) == [nyt], fundet

    andet = str(uuid.uuid4())
    hele = {"UUIDIdentifikator": andet, "Registrering": [{"Tidspunkt": "2020-01-01T00:00:00Z", "LivscyklusKode": "Importeret", **lister("Udhus", foerste)}]}
    ok(service.importer(**{objekt: hele}))
    ok(service.importer(**{objekt: hele}), 49)

    ok(service.passiver(UUIDIdentifikator=nyt, NoteTekst="færdig"))
    svar = ok(service.ret(UUIDIdentifikator=nyt, **ret), 49)
    assert "Passiveret" in retur(svar).FejlbeskedTekst, svar
    ok(service.slet(UUIDIdentifikator=nyt))
    ok(service.laes(UUIDIdentifikator=nyt), 44)
    print("ok")


main(*sys.argv[1:])
