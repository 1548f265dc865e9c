// Reads a message on standard input with npm's mailparser; prints its subject, its texts, and the SHA-256 of each attachment by name as JSON.
const crypto = require('crypto');
const {simpleParser} = require(process.argv[2] + '/mailparser');

simpleParser(process.stdin, {skipImageLinks: true}).then(mail => {
  const files = mail.attachments.map(one => [one.filename, crypto.createHash('sha256').update(one.content).digest('hex')]);
  console.log(JSON.stringify({subject: mail.subject, to: mail.to.text, text: mail.text, html: mail.html, files}));
});
