// The forms of Received fields: see received_forms.h.
#include "tests/support/received_forms.h"

namespace mxpress::testing {

using mta::trace::DoubtKind;

std::string crlf(const std::string& text) {
  std::string result;
  for (const char c : text) result.append(c == '\n' ? "\r" : "").push_back(c);
  return result;
}

std::vector<ReceivedForm> received_forms() {
  const std::string kTime = "Tue, 01 Dec 2026 10:00:05 +0000";
  return {
      {"Postfix",
       R"(Received: from out.sender.example (out.sender.example [192.0.2.1])
	(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
	 key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)
	(No client certificate requested)
	by mx.here.example (Postfix) with ESMTPS id 4F1B21A0C3
	for <bob@here.example>; Tue,  1 Dec 2026 11:00:05 +0100 (CET)
Received: from [10.0.0.7] (unknown [10.0.0.7])
	by out.sender.example (Postfix) with ESMTPSA id 7A1B2
	for <bob@here.example>; Tue,  1 Dec 2026 10:00:03 +0000 (UTC)
)",
       {"out.sender.example", "out.sender.example", "192.0.2.1", "mx.here.example", "ESMTPS", "TLSv1.3 TLS_AES_256_GCM_SHA384",
        "4F1B21A0C3", "bob@here.example", kTime},
       R"(Received: from smtp.bank.example (unknown [203.0.113.66])
	by mx.here.example (Postfix) with ESMTP id 4F1B21A0C3
	for <bob@here.example>; Tue,  1 Dec 2026 11:00:05 +0100 (CET)
)",
       DoubtKind::false_name},
      {"Exim",
       R"(Received: from out.sender.example ([192.0.2.1]:51234)
	by mx.here.example with esmtps  (TLS1.3) tls TLS_AES_256_GCM_SHA384
	(Exim 4.96)
	(envelope-from <alice@sender.example>)
	id 1rABCD-0001aB-2C
	for bob@here.example;
	Tue, 01 Dec 2026 10:00:05 +0000
Received: from alice by out.sender.example with local (Exim 4.96)
	(envelope-from <alice@sender.example>)
	id 1rABCC-0001aA-1B
	for bob@here.example;
	Tue, 01 Dec 2026 10:00:04 +0000
)",
       {"out.sender.example", "", "192.0.2.1", "mx.here.example", "ESMTPS", "TLSv1.3 TLS_AES_256_GCM_SHA384", "1rABCD-0001aB-2C",
        "bob@here.example", kTime},
       R"(Received: from host66.bulk.test ([203.0.113.66] helo=smtp.bank.example)
	by mx.here.example with esmtp (Exim 4.96)
	(envelope-from <info@bank.example>)
	id 1rABCD-0001aB-2C
	for bob@here.example;
	Tue, 01 Dec 2026 10:00:05 +0000
)",
       DoubtKind::false_name},
      {"sendmail",
       R"(Received: from out.sender.example (alice@out.sender.example [192.0.2.1])
	by mx.here.example (8.17.1/8.17.1) with ESMTPS id 4B1A05x1012345
	(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NO)
	for <bob@here.example>; Tue, 1 Dec 2026 10:00:05 GMT
Received: (from alice@localhost)
	by out.sender.example (8.17.1/8.17.1/Submit) id 4B1A04Xx012344;
	Tue, 1 Dec 2026 10:00:04 GMT
)",
       {"out.sender.example", "out.sender.example", "192.0.2.1", "mx.here.example", "ESMTPS", "TLSv1.3 TLS_AES_256_GCM_SHA384",
        "4B1A05x1012345", "bob@here.example", kTime},
       R"(Received: from smtp.bank.example (smtp.bank.example [203.0.113.66] (may be forged))
	by mx.here.example (8.17.1/8.17.1) with ESMTP id 4B1A05x1012345
	for <bob@here.example>; Tue, 1 Dec 2026 10:00:05 GMT
)",
       DoubtKind::false_name},
      {"Exchange",
       R"(Received: from A0PR01MB1234.eur.prod.here.example (2001:db8:208:cd::21) by
 B8PR01MB5678.eur.prod.here.example (2001:db8:10:1d::9) with Microsoft SMTP
 Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id
 15.20.1234.5; Tue, 1 Dec 2026 10:00:05 +0000
Received: from EUR01.prod.here.example (2001:db8:208::5) by
 A0PR01MB1234.eur.prod.here.example (2001:db8:208:cd::21) with Microsoft SMTP
 Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id
 15.20.1234.4 via Frontend Transport; Tue, 1 Dec 2026 10:00:04 +0000
Received: from out.sender.example (192.0.2.1) by EUR01.prod.here.example
 (2001:db8:208::5) with Microsoft SMTP Server id 15.20.1234.3 via Frontend
 Transport; Tue, 1 Dec 2026 10:00:04 +0000
)",
       {"A0PR01MB1234.eur.prod.here.example", "", "2001:db8:208:cd::21", "B8PR01MB5678.eur.prod.here.example", "Microsoft SMTP Server",
        "TLSv1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "15.20.1234.5", "", kTime},
       R"(Received: from relay.bulk.test (203.0.113.66) by EUR01.prod.here.example
 (2001:db8:208::5) with Microsoft SMTP Server id 15.20.1234.3 via Frontend
 Transport; Tue, 1 Dec 2026 10:00:04 +0000
Received: from smtp.bank.example (198.51.100.7) by mx7.here.example
 (2001:db8:208::7) with Microsoft SMTP Server id 15.20.1234.2; Tue, 1 Dec 2026
 10:00:02 +0000
)",
       DoubtKind::false_own_host},
      {"Gmail",
       R"(Received: by 2001:db8:7010:a388:b0:3c1:1234:5678 with SMTP id x10csp123456;
        Tue, 1 Dec 2026 02:00:05 -0800 (PST)
Received: from out.sender.example (out.sender.example. [192.0.2.1])
        by mx.here.example with ESMTPS id d2e1a72fcca58-6ce1si123.2026.12.01.02.00.04
        for <bob@here.example>
        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);
        Tue, 01 Dec 2026 02:00:04 -0800 (PST)
)",
       {"", "", "", "2001:db8:7010:a388:b0:3c1:1234:5678", "SMTP", "", "x10csp123456", "", kTime},
       R"(Received: by 2001:db8:7010:a388:b0:3c1:1234:5678 with SMTP id x10csp123456;
        Tue, 1 Dec 2026 02:00:05 -0800 (PST)
Received: from [198.51.100.7] (host66.bulk.test. [203.0.113.66])
        by mx.here.example with ESMTP id d2e1a72fcca58-6ce1si123.2026.12.01.02.00.04
        for <bob@here.example>;
        Tue, 01 Dec 2026 02:00:04 -0800 (PST)
)",
       DoubtKind::false_name},
      {"qmail",
       R"(Received: (qmail 12345 invoked by uid 89); 1 Dec 2026 10:00:06 -0000
Received: from unknown (HELO out.sender.example) (192.0.2.1)
  by mx.here.example with (TLS_AES_256_GCM_SHA384 encrypted) SMTP; 1 Dec 2026 10:00:05 -0000
Received: (qmail 777 invoked from network); 1 Dec 2026 10:00:04 -0000
)",
       {"", "", "", "", "", "", "", "", "Tue, 01 Dec 2026 10:00:06 +0000"},
       R"(Received: from host66.bulk.test (HELO smtp.bank.example) (info@203.0.113.66)
  by mx.here.example with SMTP; 1 Dec 2026 10:00:05 -0000
)",
       DoubtKind::false_name},
      {"Yahoo",
       R"(Received: from 192.0.2.1  (EHLO out.sender.example)
 by mta7.here.example with SMTPs
 (version=TLS1_3 cipher=TLS_AES_128_GCM_SHA256);
 Tue, 01 Dec 2026 10:00:05 +0000
Received: from gate1.sender.example by out.sender.example with HTTP; Tue, 1 Dec 2026 10:00:03 +0000
)",
       {"out.sender.example", "", "192.0.2.1", "mta7.here.example", "SMTPS", "TLSv1.3 TLS_AES_128_GCM_SHA256", "", "", kTime},
       R"(Received: from 203.0.113.66  (EHLO [198.51.100.7])
 by mta7.here.example with SMTP;
 Tue, 01 Dec 2026 10:00:05 +0000
)",
       DoubtKind::false_name},
      {"QQ",
       R"(Received: from out.sender.example (unknown [192.0.2.1])
	by newxmmx4.here.example (NewMX) with SMTP id D5C1F2
	for <10001@here.example>; Tue, 01 Dec 2026 18:00:05 +0800
Received: from localhost.localdomain ( [10.9.8.7])
	by out.sender.example (ESMTP) with 
	id ; Tue, 01 Dec 2026 18:00:03 +0800 (CST)
)",
       {"out.sender.example", "", "192.0.2.1", "newxmmx4.here.example", "SMTP", "", "D5C1F2", "10001@here.example", kTime},
       R"(Received: from out.sender.example (unknown [192.0.2.1])
	by newxmmx4.here.example (NewMX) with SMTP id D5C1F2
	for <10001@here.example>; Tue, 01 Dec 2026 18:00:05 +0800
Received: from pc ( [198.51.100.7])
	by bizesmtp.here.example (ESMTP) with 
	id ; Tue, 01 Dec 2026 18:00:03 +0800 (CST)
)",
       DoubtKind::false_own_host},
      {"163",
       R"(Received: from out.sender.example (unknown [192.0.2.1])
	by mx40 (Coremail) with SMTP id XsCowABH12--.123S2;
	Tue, 01 Dec 2026 18:00:05 +0800 (CST)
Received: from alice$sender.example ( [10.1.2.3] ) by
 ajax-webmail-wmsvr-40-117 (Coremail) ; Tue, 1 Dec 2026 18:00:04 +0800
 (CST)
)",
       {"out.sender.example", "", "192.0.2.1", "mx40", "SMTP", "", "XsCowABH12--.123S2", "", kTime},
       R"(Received: from out.sender.example (unknown [192.0.2.1])
	by mx40 (Coremail) with SMTP id XsCowABH12--.123S2;
	Tue, 01 Dec 2026 18:00:05 +0800 (CST)
Received: from alice$sender.example ( [10.1.2.3] ) by
 ajax-webmail-wmsvr-40-117 (Coremail) ; Tue, 1 Dec 2026 22:00:04 +0800
 (CST)
)",
       DoubtKind::time_reversed},
      {"OpenSMTPD",
       R"(Received: from out.sender.example (out.sender.example [192.0.2.1])
	by mx.here.example (OpenSMTPD) with ESMTPS id 1a2b3c4d (TLSv1.3:TLS_AES_256_GCM_SHA384:256:NO)
	for <bob@here.example>;
	Tue, 1 Dec 2026 10:00:05 +0000 (UTC)
Received: from localhost (out.sender.example [local])
	by out.sender.example (OpenSMTPD) with ESMTPA id 77aa88bb
	for <bob@here.example>;
	Tue, 1 Dec 2026 10:00:04 +0000 (UTC)
)",
       {"out.sender.example", "out.sender.example", "192.0.2.1", "mx.here.example", "ESMTPS", "TLSv1.3 TLS_AES_256_GCM_SHA384", "1a2b3c4d",
        "bob@here.example", kTime},
       R"(Received: from out.sender.example (out.sender.example [192.0.2.1])
	by mx.here.example (OpenSMTPD) with ESMTPS id 1a2b3c4d (TLSv1.3:TLS_AES_256_GCM_SHA384:256:NO)
	for <bob@here.example>;
	Tue, 1 Dec 2026 10:00:05 +0000 (UTC)
Received: from localhost (smtp.bank.example [local])
	by smtp.bank.example (OpenSMTPD) with ESMTPA id 77aa88bb
	for <bob@here.example>;
	Tue, 1 Dec 2026 10:00:04 +0000 (UTC)
)",
       DoubtKind::gap},
      {"Courier",
       R"(Received: from out.sender.example (out.sender.example [::ffff:192.0.2.1])
  (TLS: TLSv1.3,256bits,TLS_AES_256_GCM_SHA384)
  by mx.here.example with ESMTPS; Tue, 01 Dec 2026 10:00:05 +0000
  id 000000000001C0DE.00000000656A0A05.00001234
Received: from pc.sender.example (pc.sender.example [::ffff:192.0.2.9])
  (AUTH: LOGIN alice, TLS: TLSv1.3,256bits,TLS_AES_256_GCM_SHA384)
  by out.sender.example with ESMTPSA; Tue, 01 Dec 2026 10:00:04 +0000
  id 000000000001C0DD.00000000656A0A04.00001233
)",
       {"out.sender.example", "out.sender.example", "192.0.2.1", "mx.here.example", "ESMTPS", "TLSv1.3 TLS_AES_256_GCM_SHA384",
        "000000000001C0DE.00000000656A0A05.00001234", "", kTime},
       R"(Received: from smtp.bank.example (host66.bulk.test [::ffff:203.0.113.66])
  by mx.here.example with ESMTP; Tue, 01 Dec 2026 10:00:05 +0000
  id 000000000001C0DE.00000000656A0A05.00001234
)",
       DoubtKind::false_name},
      {"mxpress",
       R"(Received: from out.sender.example ([192.0.2.1])
	by mx.here.example (mxpress) with ESMTPS (TLSv1.3/TLS_AES_256_GCM_SHA384)
	id 3KX9-7QPA
	for <bob@here.example>;
	Tue, 01 Dec 2026 10:00:05 +0000
Received: by out.sender.example (mxpress, from uid 1000) with local
	id 3KX9-7QP9
	for <bob@here.example>;
	Tue, 01 Dec 2026 10:00:04 +0000
)",
       {"out.sender.example", "", "192.0.2.1", "mx.here.example", "ESMTPS", "TLSv1.3 TLS_AES_256_GCM_SHA384", "3KX9-7QPA",
        "bob@here.example", kTime},
       R"(Received: from out.sender.example ([192.0.2.1])
	by mx.here.example (mxpress) with ESMTPS (TLSv1.3/TLS_AES_256_GCM_SHA384)
	id 3KX9-7QPA
	for <bob@here.example>;
	Tue, 01 Dec 2026 10:00:05 +0000
Received: by out.sender.example (mxpress, from uid 1000) with local
	id 3KX9-7QP9
	for <bob@here.example>;
	Tue, 01 Dec 2026 10:00:04 +2560
)",
       DoubtKind::odd_date},
      {"Dovecot",
       R"(Received: from mx.here.example ([192.0.2.20])
	by imap.here.example with LMTP
	id qLxyAbCdEfGhIjKlMnOpQr
	(envelope-from <alice@sender.example>)
	for <bob@here.example>; Tue, 01 Dec 2026 10:00:05 +0000
Received: from out.sender.example (out.sender.example [192.0.2.1])
	by mx.here.example (Postfix) with ESMTPS id 4F1B21A0C3
	for <bob@here.example>; Tue,  1 Dec 2026 10:00:05 +0000 (UTC)
)",
       {"mx.here.example", "", "192.0.2.20", "imap.here.example", "LMTP", "", "qLxyAbCdEfGhIjKlMnOpQr", "bob@here.example", kTime},
       R"(Received: from mx.here.example ([10.0.0.20])
	by imap.here.example with LMTP
	id qLxyAbCdEfGhIjKlMnOpQr
	(envelope-from <info@bank.example>)
	for <bob@here.example>; Tue, 01 Dec 2026 10:00:05 +0000
Received: from smtp.bank.example (host66.bulk.test [203.0.113.66])
	by mx.here.example (Postfix) with ESMTP id 4F1B21A0C3
	for <bob@here.example>; Tue,  1 Dec 2026 10:00:05 +0000 (UTC)
)",
       DoubtKind::false_name},
      {"Domino",
       R"(Received: from out.sender.example ([192.0.2.1])
          by mx.here.example (HCL Domino Release 12.0.2)
          with ESMTP id 2026120111000512-345678 ;
          Tue, 1 Dec 2026 11:00:05 +0100
)",
       {"out.sender.example", "", "192.0.2.1", "mx.here.example", "ESMTP", "", "2026120111000512-345678", "", kTime},
       R"(Received: from out.sender.example ([192.0.2.1])
          by mx.here.example (HCL Domino Release 12.0.2)
          with ESMTP id 2026120111000512-345678 ;
          Tue, 1 Dec 2026 11:00:05 +0100
From: Bank <info@bank.example>
Received: from trusted.bank.example ([198.51.100.7])
          by out.sender.example (HCL Domino Release 12.0.2)
          with ESMTP id 2026120111000412-345677 ;
          Tue, 1 Dec 2026 11:00:04 +0100
)",
       DoubtKind::wrong_place},
      {"Proofpoint",
       R"(Received: from pps.filterd (m0001.here.example [127.0.0.1])
	by m0001.here.example (8.18.1.2/8.18.1.2) with ESMTP id 4B19x0aa012346
	for <bob@here.example>; Tue, 1 Dec 2026 10:00:05 GMT
Received: from out.sender.example (out.sender.example [192.0.2.1])
	by m0001.here.example (PPS) with ESMTPS id 44abcdef-1
	(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NOT)
	for <bob@here.example>; Tue, 01 Dec 2026 10:00:04 +0000 (GMT)
)",
       {"pps.filterd", "m0001.here.example", "127.0.0.1", "m0001.here.example", "ESMTP", "", "4B19x0aa012346", "bob@here.example", kTime},
       R"(Received: from out.sender.example (out.sender.example [192.0.2.1])
	by m0001.here.example (PPS) with ESMTPS id 44abcdef-1
	for <bob@here.example>; Wed, 01 Dec 2026 10:00:04 +0000 (GMT)
)",
       DoubtKind::odd_date},
      {"fetchmail",
       R"(Received: from pop.provider.example [192.0.2.50]
	by localhost with POP3 (fetchmail-6.4.37)
	for <bob@localhost> (single-drop); Tue, 01 Dec 2026 10:05:05 +0000 (GMT)
Received: from out.sender.example (out.sender.example [192.0.2.1])
	by mx3.provider.example (Postfix) with ESMTPS id 4F1B21A0C3
	for <bob@provider.example>; Tue,  1 Dec 2026 10:00:05 +0000 (UTC)
)",
       {"pop.provider.example", "", "192.0.2.50", "localhost", "POP3", "", "", "bob@localhost", "Tue, 01 Dec 2026 10:05:05 +0000"},
       R"(Received: from pop.provider.example [192.0.2.50]
	by localhost with POP3 (fetchmail-6.4.37)
	for <bob@localhost> (single-drop); Tue, 01 Dec 2026 10:05:05 +0000 (GMT)
Received: from smtp.bank.example (unknown [203.0.113.66])
	by mx3.provider.example (Postfix) with ESMTP id 4F1B21A0C3
	for <bob@provider.example>; Tue,  1 Dec 2026 10:00:05 +0000 (UTC)
)",
       DoubtKind::false_name},
      {"CommuniGate",
       R"(Received: from out.sender.example ([192.0.2.1] verified)
  by mx.here.example (CommuniGate Pro SMTP 6.3.10)
  with ESMTPS id 12345678 for bob@here.example; Tue, 01 Dec 2026 11:00:05 +0100
Received: from [10.1.2.3] (account alice HELO pc)
  by out.sender.example (CommuniGate Pro SMTP 6.3.10)
  with ESMTPSA id 12345677; Tue, 01 Dec 2026 11:00:04 +0100
)",
       {"out.sender.example", "", "192.0.2.1", "mx.here.example", "ESMTPS", "TLS", "12345678", "bob@here.example", kTime},
       R"(Received: from [203.0.113.66] (HELO [198.51.100.7])
  by mx.here.example (CommuniGate Pro SMTP 6.3.10)
  with ESMTP id 12345678 for bob@here.example; Tue, 01 Dec 2026 11:00:05 +0100
)",
       DoubtKind::false_name},
      {"MDaemon",
       R"(Received: from out.sender.example by mx.here.example (192.0.2.30) (MDaemon PRO v23.5.1)
	with ESMTPS id md5001000001234.msg
	for <bob@here.example>; Tue, 01 Dec 2026 10:00:05 +0000
)",
       {"out.sender.example", "", "", "mx.here.example", "ESMTPS", "TLS", "md5001000001234.msg", "bob@here.example", kTime},
       R"(Received: from out.sender.example by mx.here.example (192.0.2.30) (MDaemon PRO v23.5.1)
	with ESMTPS id md5001000001234.msg
	for <bob@here.example>; Tue, 01 Dec 2026 10:00:05 +0000
Received: from alice by mail.bank.example (198.51.100.7) (MDaemon PRO v23.5.1)
	with ESMTPA id md5001000001233.msg
	for <bob@here.example>; Tue, 01 Dec 2026 10:00:01 +0000
)",
       DoubtKind::gap},
  };
}

}  // namespace mxpress::testing
