// The closed profile of a certificate and of an endorsement (keys/credential.py, keys/profile.py; formats.md 3 and 4).
"use strict";

{
  const H = globalThis.Handseal;
  const { ascending, canonical, bytesOf, fail, parse, seconds, sha256, unique } = H;
  const { exactly, integer, like, list, name, one, paragraph, record, sri, string, text, time } = H.shapes;

  const VC = "https://www.w3.org/ns/credentials/v2";
  const OB = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";
  const MAX_ENDORSEMENTS = 8;
  const DAY = 86400;

  const unixTime = integer(0, Number.MAX_SAFE_INTEGER);
  const type = (word) => exactly(one(word));
  const profile = record({ id: string, type: type("Profile"), name });
  const policyTerms = record({
    threshold: string, cosigner: record({ "@id": string, "@type": one("@id") }),
  });
  const statusEntry = record({
    id: string, type: one("BitstringStatusListEntry"), statusPurpose: one("revocation"),
    statusListIndex: like(/^(0|[1-9][0-9]{0,6})$/), statusListCredential: string,
  });
  const resource = record({ id: string, digestSRI: sri, mediaType: name });
  const description = record({
    id: string, type: type("ResultDescription"), name, resultType: one("Percent", "RubricCriterionLevel", "Status"),
    "valueMin?": one("0"), "valueMax?": one("100"), "requiredValue?": like(/^(0|[1-9][0-9]?|100)$/),
    "rubricCriterionLevel?": list(record({ id: string, type: type("RubricCriterionLevel"), name })),
    "requiredLevel?": string,
  });
  const achievement = record({
    id: string, type: type("Achievement"), achievementType: one("MicroCredential"), name, description: paragraph,
    inLanguage: like(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/), criteria: record({ id: string, narrative: paragraph }),
    resultDescription: list(description, 1, 32),
  });
  const subject = record({
    id: string, type: type("AchievementSubject"),
    identifier: list(record({
      type: one("IdentityObject"), identityType: one("name", "ext:latinName"), hashed: one(false), identityHash: name,
    }), 1, 2),
    activityStartDate: time, activityEndDate: time, achievement,
    result: list(record({
      type: type("Result"), resultDescription: string, "value?": like(/^(0|[1-9][0-9]?|100)(\.[0-9]{1,2})?$/),
      "achievedLevel?": string, "status?": one("Completed"),
    }), 1, 32),
  });
  const evidence = record({
    type: type("Evidence"), name, "id?": text(500, /^https:\/\/[!-~]+$/), "narrative?": paragraph, "genre?": name,
  });
  const policy = record({
    type: one("CosignaturePolicy"), threshold: integer(1, MAX_ENDORSEMENTS), cosigner: list(string, 1, MAX_ENDORSEMENTS),
  });
  const certificateShape = record({
    "@context": exactly(one(VC), one(OB), record({ CosignaturePolicy: record({ "@id": string, "@context": policyTerms }) })),
    id: string, type: exactly(one("VerifiableCredential"), one("OpenBadgeCredential")), name, issuer: profile,
    validFrom: time, "validUntil?": time, awardedDate: time, credentialSubject: subject, credentialStatus: statusEntry,
    relatedResource: list(resource, 1, 32), termsOfUse: exactly(policy), "evidence?": list(evidence, 1, 32),
    iss: string, sub: string, jti: string, nbf: unixTime, "exp?": unixTime,
    "endorsementJwt?": list(string, 0, MAX_ENDORSEMENTS),
  });
  const endorsementShape = record({
    "@context": exactly(one(VC), one(OB)), id: string,
    type: exactly(one("VerifiableCredential"), one("EndorsementCredential")), name, issuer: profile, validFrom: time,
    credentialSubject: record({ id: string, type: type("EndorsementSubject"), endorsementComment: paragraph }),
    relatedResource: exactly(resource), credentialStatus: statusEntry, iss: string, sub: string, jti: string, nbf: unixTime,
  });

  /** A payload of the shape of a certificate, whether or not it keeps the profile's other rules. */
  const parseContent = (payload, place = "certificate") => parse(payload, certificateShape, place);

  /** Step 5: a signed payload as the closed profile; a Fault names what does not fit. */
  function parseCertificate(payload, place = "certificate") {
    const certificate = parseContent(payload, place);
    const issuer = H.parseOrganisation(certificate.issuer.id, `${place}: issuer.id`);
    if (canonical(certificate["@context"][2]) !== canonical(policyContext(issuer.base))) {
      fail(place, "@context: is not the issuer's");
    }
    H.requireUuid(certificate.id, `${place}: id`);
    H.requireSubject(certificate.credentialSubject.id, `${place}: credentialSubject.id`);
    requireNames(certificate, place);
    requireDates(certificate, place);
    requireAchievement(certificate, issuer.base, place);
    requireResults(certificate.credentialSubject, place);
    requireStatusEntry(certificate.credentialStatus, issuer, place);
    requireResources(certificate, place);
    const { threshold, cosigner } = certificate.termsOfUse[0];
    if (!ascending(cosigner) || threshold > cosigner.length) fail(place, "termsOfUse: co-signers are not sorted or too few");
    return certificate;
  }

  const parseEndorsement = (payload, place) => parse(payload, endorsementShape, place);

  /** Step 6: each JWT claim equals its twin in the credential. */
  function requireClaims(certificate, place = "certificate") {
    const { iss, sub, jti, nbf, exp } = certificate;
    const until = certificate.validUntil === undefined ? undefined : seconds(certificate.validUntil);
    const twins = {
      iss: [iss, certificate.issuer.id], sub: [sub, certificate.credentialSubject.id], jti: [jti, certificate.id],
      nbf: [nbf, seconds(certificate.validFrom)], exp: [exp, until],
    };
    for (const [claim, [one_, other]] of Object.entries(twins)) {
      if (one_ !== other) fail(place, `${claim}: differs from its twin in the credential`);
    }
  }

  function policyContext(site) {
    const terms = { threshold: `${site}/ns#threshold`, cosigner: { "@id": `${site}/ns#cosigner`, "@type": "@id" } };
    return { CosignaturePolicy: { "@id": `${site}/ns#CosignaturePolicy`, "@context": terms } };
  }

  function requireNames(certificate, place) {
    const kinds = certificate.credentialSubject.identifier.map((identity) => identity.identityType).join();
    if (kinds !== "name" && kinds !== "name,ext:latinName") fail(place, "identifier: holds not one name and its transliteration");
  }

  function requireDates(certificate, place) {
    const { activityStartDate: start, activityEndDate: end } = certificate.credentialSubject;
    const { awardedDate: awarded, validFrom, validUntil: until } = certificate;
    if (![start, end, awarded].every((date) => date.endsWith("T00:00:00Z"))) fail(place, "a calendar date has a time");
    if (start > end || end > awarded || seconds(awarded) - seconds(validFrom) > DAY) fail(place, "dates are not in order");
    if (until === undefined) return;
    if (!until.endsWith("T23:59:59Z")) fail(place, "validUntil: does not end with T23:59:59Z");
    if (until < awarded) fail(place, "validUntil: is before the award");
  }

  function requireAchievement(certificate, site, place) {
    const achieved = certificate.credentialSubject.achievement;
    const { programme } = H.parseVersion(achieved.id, `${place}: achievement.id`);
    if (!programme.startsWith(`${site}/programmes/`)) fail(place, "achievement.id: is not the issuer's");
    if (achieved.criteria.id !== achieved.id) fail(place, "criteria.id: differs from achievement.id");
    if (certificate.name !== achieved.name) fail(place, "name: differs from the achievement's");
    const ids = achieved.resultDescription.map((entry) => entry.id);
    if (!unique(ids)) fail(place, "resultDescription: ids are not unique");
    for (const id of ids) {
      const cut = id.indexOf("#");
      H.requireSlug(cut < 0 ? "" : id.slice(cut + 1), `${place}: resultDescription.id`);
      if (id.slice(0, cut) !== achieved.id) fail(place, "resultDescription.id: is not the achievement's");
    }
    for (const entry of achieved.resultDescription) {
      if (!fitsItsType(entry)) fail(place, `${entry.id}: does not fit its resultType`);
    }
  }

  function fitsItsType({ resultType, requiredValue, valueMin, valueMax, rubricCriterionLevel, requiredLevel }) {
    const levels = (rubricCriterionLevel ?? []).map((level) => level.id);
    const hasPercent = requiredValue !== undefined;
    const hasBounds = valueMin !== undefined && valueMax !== undefined;
    const hasNoBounds = valueMin === undefined && valueMax === undefined;
    const hasRubric = unique(levels) && levels.includes(requiredLevel);
    const hasNoRubric = rubricCriterionLevel === undefined && requiredLevel === undefined;
    if (resultType === "Percent") return hasPercent && hasBounds && hasNoRubric;
    if (resultType === "RubricCriterionLevel") return hasRubric && hasNoBounds && !hasPercent;
    return hasNoRubric && hasNoBounds && !hasPercent;
  }

  function requireResults({ achievement: achieved, result: results }, place) {
    const descriptions = achieved.resultDescription;
    if (results.map((result) => result.resultDescription).join("\n") !== descriptions.map((entry) => entry.id).join("\n")) {
      fail(place, "result: there is not one per criterion, in the criteria's order");
    }
    results.forEach((result, number) => {
      const given = [result.value, result.achievedLevel, result.status].filter((member) => member !== undefined);
      if (given.length !== 1 || !passes(result, descriptions[number])) {
        fail(place, `result of ${descriptions[number].id}: does not reach the pass criterion`);
      }
    });
  }

  function passes(result, { resultType, requiredValue, rubricCriterionLevel, requiredLevel }) {
    if (resultType === "Percent") {
      return result.value !== undefined && Number(requiredValue) <= Number(result.value) && Number(result.value) <= 100;
    }
    if (resultType === "Status") return result.status === "Completed";
    const levels = rubricCriterionLevel.map((level) => level.id);
    return levels.slice(levels.indexOf(requiredLevel)).includes(result.achievedLevel);
  }

  /** The entry names the revocation list of its owner, and list and index again. */
  function requireStatusEntry(entry, owner, place) {
    const named = H.parseList(entry.statusListCredential, `${place}: statusListCredential`);
    if (named.base !== owner.base || named.slug !== owner.slug || named.purpose !== "revocation") {
      fail(place, `statusListCredential: is not the revocation list of ${owner.slug}`);
    }
    if (entry.id !== `${entry.statusListCredential}#${entry.statusListIndex}`) fail(place, "credentialStatus.id: differs");
  }

  function requireResources(certificate, place) {
    const resources = certificate.relatedResource;
    if (resources[0].id !== certificate.credentialSubject.achievement.id || resources[0].mediaType !== "application/json") {
      fail(place, "relatedResource: the first is not the syllabus");
    }
    if (!unique(resources.map((entry) => entry.id))) fail(place, "relatedResource: ids are not unique");
    for (const { digestSRI } of resources) H.requireSri(digestSRI, place);
  }

  /** SHA-256 of JCS(core), the identity of a certificate: all of it but its co-signatures. */
  async function contentDigest(certificate) {
    const { endorsementJwt, ...core } = certificate;
    return sha256(bytesOf(canonical(core)));
  }

  const programmeOf = (certificate) => certificate.credentialSubject.achievement.id.replace(/\/[^/]*$/, "");

  Object.assign(H, {
    MAX_ENDORSEMENTS, VC, contentDigest, parseCertificate, parseContent, parseEndorsement, programmeOf, requireClaims, requireStatusEntry,
    unixTime,
  });
}
