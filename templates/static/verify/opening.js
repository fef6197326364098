// Steps 1 to 8: after them the certificate is the issuer's, unaltered and of our form (verifier/opening.py).
//
// The first failure stops them: nothing is read from a token before its signature holds.
"use strict";

{
  const H = globalThis.Handseal;
  const { Fault, Incapable, ascending } = H;

  /** A step failed; the findings say which. */
  class Stopped extends Error {}

  async function openCertificate(token, { trust, trustFault }, findings) {
    const step = stepper(findings);
    const parts = await step("token.form", "It has the form of a signed certificate.", () => H.splitToken(token)); // 1
    const header = await step("token.header", "It names its key and nothing else.", () => H.parseHeader(parts)); // 2
    if (!trust) {
      findings.unknown("key.known", `There is no trust list to check against: ${trustFault}.`);
      throw new Stopped();
    }
    const known = await step("key.known", "Its key is in the trust list.", () => knownKey(header, trust)); // 3
    await step("signature.issuer", "The clinic's signature is good: nothing was changed since.", async () => // 4
      H.requireSignature(await H.openKey(known.key.jwk, "key"), parts));
    const certificate = await step("payload.form", "Its content has the agreed form.", () => // 5
      H.parseCertificate(parts.payload));
    await step("payload.claims", "Issuer, holder and dates are stated the same way throughout.", () => // 6
      requireIssuer(certificate, known, trust));
    const policy = policyOf(certificate, trust, findings); // 7
    const digest = await H.contentDigest(certificate);
    const opened = await step("cosignature.form", "Each co-signature was made for exactly this content.", () => // 8
      openCosignatures(certificate, digest, trust));
    return { known, certificate, digest, policy, ...opened };
  }

  const stepper = (findings) => async (code, text, act) => {
    try {
      const result = await act();
      findings.passed(code, text);
      return result;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // What this browser cannot do says nothing about the certificate.
      if (error instanceof Incapable) findings.unknown(code, `${error.message}.`);
      else findings.failed(code, `${error.message}.`);
      throw new Stopped();
    }
  };

  function knownKey(header, trust) {
    const known = trust.key(header.kid);
    if (!known) throw new Fault("Its key is not from this trust list");
    if (known.key.use !== "issue") throw new Fault("Its key is in the trust list, but not for issuing certificates");
    if (known.key.alg !== header.alg) throw new Fault("Its signature is of another kind than the trust list says for this key");
    return known;
  }

  function requireIssuer(certificate, { organisation }, trust) {
    H.requireClaims(certificate);
    if (certificate.issuer.id !== organisation.id) throw new Fault("The organisation it names as issuer does not own the key");
    if (!Object.values(trust.namesAt(organisation, certificate.validFrom)).includes(certificate.issuer.name)) {
      throw new Fault("The name it gives its issuer is not the one in the trust list");
    }
  }

  /** The policy in force when it was proposed. */
  function policyOf(certificate, trust, findings) {
    const policy = trust.policy(H.programmeOf(certificate), certificate.validFrom);
    if (!policy || !policy.issuers.includes(certificate.issuer.id)) {
      findings.failed("issuer.authorised", "The trust list does not allow this clinic to issue certificates of this programme.");
      throw new Stopped();
    }
    findings.passed("issuer.authorised", "The clinic may issue certificates of this programme.");
    const stated = certificate.termsOfUse[0];
    if (stated.threshold !== policy.threshold || stated.cosigner.join("\n") !== policy.cosigners.join("\n")) {
      findings.failed("policy.match", "The rule about who must co-sign is not the one in the trust list.");
      throw new Stopped();
    }
    const bodies = `${policy.threshold} of ${policy.cosigners.length} partner bodies`;
    findings.passed("policy.match", `${bodies} must co-sign, as the trust list says.`);
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
      throw new Fault("Its co-signatures are not in order, or a partner body appears twice");
    }
    return { cosignatures, strangers: tokens.length - cosignatures.length };
  }

  Object.assign(H, { Stopped, openCertificate });
}
