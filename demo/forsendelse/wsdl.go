package forsendelse

import (
	"html"
	"strings"
)

// wsdl is the description of the service at address.
func wsdl(address string) string {
	return strings.Replace(wsdlTemplate, "@ADRESSE@", html.EscapeString(address), 1)
}

const wsdlTemplate = `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="Forsendelse" targetNamespace="http://forsendelse.example/ws/2019"
    xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"
    xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:xs="http://www.w3.org/2001/XMLSchema"
    xmlns:tns="http://forsendelse.example/ws/2019">
  <wsdl:types>
    <xs:schema targetNamespace="http://forsendelse.example/ws/2019" elementFormDefault="qualified">
      <xs:simpleType name="Udfyldt">
        <xs:restriction base="xs:string"><xs:pattern value="[\s\S]*\S[\s\S]*"/></xs:restriction>
      </xs:simpleType>
      <xs:simpleType name="Cpr">
        <xs:restriction base="xs:token"><xs:pattern value="[0-9]{10}"/></xs:restriction>
      </xs:simpleType>
      <xs:simpleType name="Revision">
        <xs:restriction base="xs:int"><xs:minInclusive value="1"/></xs:restriction>
      </xs:simpleType>
      <xs:simpleType name="Indhold">
        <xs:restriction base="xs:base64Binary"><xs:minLength value="1"/></xs:restriction>
      </xs:simpleType>
      <xs:element name="SendBrev">
        <xs:complexType><xs:sequence>
          <xs:element name="Reference" type="tns:Udfyldt"/>
          <xs:element name="Sagsnummer" type="tns:Udfyldt"/>
          <xs:element name="Revision" type="tns:Revision"/>
          <xs:element name="Journalnummer" type="xs:string"/>
          <xs:element name="ModtagerCpr" type="tns:Cpr"/>
          <xs:element name="Emne" type="tns:Udfyldt"/>
          <xs:element name="Tekst" type="xs:string"/>
        </xs:sequence></xs:complexType>
      </xs:element>
      <xs:element name="SendBrevResponse">
        <xs:complexType><xs:sequence>
          <xs:element name="ForsendelsesId" type="xs:string"/>
          <xs:element name="AfsendtDato" type="xs:date"/>
          <xs:element name="Sagsnummer" type="xs:string"/>
          <xs:element name="Revision" type="tns:Revision"/>
        </xs:sequence></xs:complexType>
      </xs:element>
      <xs:element name="FindBrev">
        <xs:complexType><xs:sequence>
          <xs:element name="Reference" type="tns:Udfyldt"/>
        </xs:sequence></xs:complexType>
      </xs:element>
      <xs:element name="FindBrevResponse">
        <xs:complexType><xs:sequence>
          <xs:element name="Fundet" type="xs:boolean"/>
          <xs:element name="ForsendelsesId" type="xs:string" minOccurs="0"/>
          <xs:element name="AfsendtDato" type="xs:date" minOccurs="0"/>
          <xs:element name="Sagsnummer" type="xs:string" minOccurs="0"/>
          <xs:element name="Revision" type="tns:Revision" minOccurs="0"/>
        </xs:sequence></xs:complexType>
      </xs:element>
      <xs:element name="SendRekommanderet">
        <xs:complexType><xs:sequence>
          <xs:element name="ModtagerCpr" type="tns:Cpr"/>
          <xs:element name="Emne" type="tns:Udfyldt"/>
          <xs:element name="Dokumentnummer" type="tns:Udfyldt"/>
          <xs:element name="Revision" type="tns:Revision"/>
          <xs:element name="Journalnummer" type="xs:string"/>
          <xs:element name="Indhold" type="tns:Indhold"/>
        </xs:sequence></xs:complexType>
      </xs:element>
      <xs:element name="SendRekommanderetResponse">
        <xs:complexType><xs:sequence>
          <xs:element name="Stregkode" type="xs:string"/>
          <xs:element name="AfsendtDato" type="xs:date"/>
          <xs:element name="Dokumentnummer" type="xs:string"/>
          <xs:element name="Revision" type="tns:Revision"/>
        </xs:sequence></xs:complexType>
      </xs:element>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="SendBrevInd"><wsdl:part name="parameters" element="tns:SendBrev"/></wsdl:message>
  <wsdl:message name="SendBrevUd"><wsdl:part name="parameters" element="tns:SendBrevResponse"/></wsdl:message>
  <wsdl:message name="FindBrevInd"><wsdl:part name="parameters" element="tns:FindBrev"/></wsdl:message>
  <wsdl:message name="FindBrevUd"><wsdl:part name="parameters" element="tns:FindBrevResponse"/></wsdl:message>
  <wsdl:message name="SendRekommanderetInd"><wsdl:part name="parameters" element="tns:SendRekommanderet"/></wsdl:message>
  <wsdl:message name="SendRekommanderetUd"><wsdl:part name="parameters" element="tns:SendRekommanderetResponse"/></wsdl:message>
  <wsdl:portType name="ForsendelsePortType">
    <wsdl:operation name="SendBrev">
      <wsdl:input message="tns:SendBrevInd"/>
      <wsdl:output message="tns:SendBrevUd"/>
    </wsdl:operation>
    <wsdl:operation name="FindBrev">
      <wsdl:input message="tns:FindBrevInd"/>
      <wsdl:output message="tns:FindBrevUd"/>
    </wsdl:operation>
    <wsdl:operation name="SendRekommanderet">
      <wsdl:input message="tns:SendRekommanderetInd"/>
      <wsdl:output message="tns:SendRekommanderetUd"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="ForsendelseBinding" type="tns:ForsendelsePortType">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="SendBrev">
      <soap:operation soapAction="http://forsendelse.example/ws/2019/SendBrev"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
    <wsdl:operation name="FindBrev">
      <soap:operation soapAction="http://forsendelse.example/ws/2019/FindBrev"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
    <wsdl:operation name="SendRekommanderet">
      <soap:operation soapAction="http://forsendelse.example/ws/2019/SendRekommanderet"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="Forsendelse">
    <wsdl:port name="ForsendelsePort" binding="tns:ForsendelseBinding">
      <soap:address location="@ADRESSE@"/>
    </wsdl:port>
  </wsdl:service>
</wsdl:definitions>
`
