// Steps 1 to 8: after them the certificate is the issuer's, unaltered and of our form (verifier/opening.py).
//
// The first failure stops them: nothing is read from a token before its signature holds.
"use strict";

{
  const H = globalThis.Handseal;
  const { Fault, Incapable, ascending } = H;

  /** A step failed; the findings say which. */
  class Stopped extends Error {}

  /** What is wrong has a sentence of its own. */
  class Found extends Fault {}

  async function openCertificate(token, { trust, trustFault, incapable }, findings) {
    const step = stepper(findings);
    const parts = await step("token.form", () => H.splitToken(token)); // 1
    const header = await step("token.header", () => H.parseHeader(parts)); // 2
    if (!trust) {
      findings.unknown("key.known", "unknown", {}, trustFault);
      findings.incapable = Boolean(incapable);
      throw new Stopped();
    }
    const known = await step("key.known", () => knownKey(header, trust)); // 3
    await step("signature.issuer", async () => H.requireSignature(await H.openKey(known.key.jwk, "key"), parts)); // 4
    const certificate = await step("payload.form", () => H.parseCertificate(parts.payload)); // 5
    await step("payload.claims", () => requireIssuer(certificate, known, trust)); // 6
    const policy = policyOf(certificate, trust, findings); // 7
    const digest = await H.contentDigest(certificate);
    const opened = await step("cosignature.form", () => openCosignatures(certificate, digest, trust)); // 8
    return { known, certificate, digest, policy, ...opened };
  }

  const stepper = (findings) => async (code, act) => {
    try {
      const result = await act();
      findings.passed(code);
      return result;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error instanceof Incapable) {
        findings.unknown(code, "unknown", {}, error.message); // it says nothing about the certificate
        findings.incapable = true;
      } else if (error instanceof Found) findings.failed(code, "invalid", error.message);
      else findings.failed(code, "invalid", "fail", {}, error.message);
      throw new Stopped();
    }
  };

  function knownKey(header, trust) {
    const known = trust.key(header.kid);
    if (!known) throw new Found("fail");
    if (known.key.use !== "issue") throw new Found("not-for-issuing");
    if (known.key.alg !== header.alg) throw new Found("other-kind");
    return known;
  }

  function requireIssuer(certificate, { organisation }, trust) {
    H.requireClaims(certificate);
    if (certificate.issuer.id !== organisation.id) throw new Found("not-its-key");
    const names = Object.values(trust.namesAt(organisation, certificate.validFrom));
    if (!names.includes(certificate.issuer.name)) throw new Found("other-name");
  }

  /** The policy in force when it was proposed. */
  function policyOf(certificate, trust, findings) {
    const policy = trust.policy(H.programmeOf(certificate), certificate.validFrom);
    if (!policy || !policy.issuers.includes(certificate.issuer.id)) {
      findings.failed("issuer.authorised", "invalid");
      throw new Stopped();
    }
    findings.passed("issuer.authorised");
    const { threshold, cosigners } = policy;
    const stated = certificate.termsOfUse[0];
    if (stated.threshold !== threshold || stated.cosigner.join("\n") !== cosigners.join("\n")) {
      findings.failed("policy.match", "invalid");
      throw new Stopped();
    }
    findings.passed("policy.match", "pass", { threshold, partners: cosigners.length });
    return policy;
  }

  /** Those by known keys, strictly ascending by organisation, and how many are by others. */
  async function openCosignatures(certificate, digest, trust) {
    const tokens = certificate.endorsementJwt ?? [];
    const digestSri = H.sriText(digest);
    const cosignatures = [];
    for (const [number, token] of tokens.entries()) {
      const opened = await H.openCosignature(token, certificate, digestSri, trust, `co-signature ${number + 1}`);
      if (opened) cosignatures.push(opened);
    }
    if (!ascending(cosignatures.map((cosignature) => cosignature.organisation))) {
      throw new Found("order");
    }
    return { cosignatures, strangers: tokens.length - cosignatures.length };
  }

  Object.assign(H, { Stopped, openCertificate });
}
