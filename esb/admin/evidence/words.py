"""What a proof says step by step, in Azerbaijani and in English: what holds, and what it means when it does not."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Language = Literal["az", "en"]
LANGUAGES: Final[tuple[Language, Language]] = ("az", "en")


@dataclass(frozen=True, slots=True)
class Words:
    """A step's two texts in both languages: Azerbaijani, English.

    Attributes:
        holds: what is shown when it holds.
        breaks: what it means when it does not.
    """

    holds: tuple[str, str]
    breaks: tuple[str, str]

    def text(self, language: Language) -> str:
        """What holds."""
        return self.holds[LANGUAGES.index(language)]

    def meaning(self, language: Language) -> str:
        """What it means that it does not hold."""
        return self.breaks[LANGUAGES.index(language)]


_ALTERED: Final = (
    "Fayl ixrac edildikdən sonra dəyişdirilib və ya zədələnib: ona etibar etmək olmaz. Paketi yenidən istəyin.",
    "The file was altered or damaged after it was exported: do not rely on it. Ask for the package again.",
)
_NOT_IN_LOG: Final = (
    "Bu qeyd həmin jurnalda yoxdur, yaxud başqa qeydlə əvəz edilib: mübadilənin belə baş verdiyi sübut olunmur.",
    "This record is not in that log, or another was put in its place: it is not shown that this happened.",
)
_UNTRUSTED: Final = (
    "İmzalayanın kim olduğu sübut olunmur: sertifikat sizin tanıdığınız quruma aparmır və ya o zaman qüvvədə deyildi.",
    "It is not shown who signed: the certificate leads to no authority that you believe, or was out of its time.",
)
_REVOKED: Final = (
    "Sertifikat istifadə olunanda artıq ləğv edilmişdi, yaxud bu barədə məlumat saxtadır.",
    "The certificate was revoked already when it was used, or what is said about that is forged.",
)
_NOT_OWNER: Final = (
    "Reyestr bu sertifikatı başqa iştirakçıya aid edir və ya imza üçün deyil: imzalayan adı çəkilən qurum deyil.",
    "By the registry the certificate is another's, or not for signing: whoever signed is not the body that is named.",
)

STEPS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "container": Words(
            (
                "Konteyner düzgün qurulub və içində siyahıda olmayan heç nə yoxdur.",
                "The container is well-formed, and nothing is in it that is not listed.",
            ),
            _ALTERED,
        ),
        "seal": Words(
            (
                "Konteynerin imzası içindəki bütün faylları əhatə edir və hər fayl imzalanan fayldır.",
                "The container's signature covers every file in it, and each file is the one that was signed.",
            ),
            _ALTERED,
        ),
        "contents": Words(
            (
                "Paket məlum formadadır və hər faylın yeri bəllidir.",
                "The package is of the known form, and every file in it has its place.",
            ),
            (
                "Bu, sübut paketi deyil və ya bu proqramın tanımadığı formadadır.",
                "This is no evidence package, or of a form that this program does not know.",
            ),
        ),
        "checkpoint": Words(
            (
                "Yoxlama nöqtəsi jurnalın açarı ilə imzalanıb.",
                "The checkpoint is signed with the log's key.",
            ),
            (
                "Yoxlama nöqtəsi açarını verdiyiniz jurnala aid deyil: ya açar başqadır, ya da ağac uydurulub.",
                "The checkpoint is not of the log whose key you gave: the key is another's, or the tree was made up.",
            ),
        ),
        "witnesses": Words(
            (
                "Adını çəkdiyiniz şahidlər yoxlama nöqtəsini imzalayıb.",
                "The witnesses that you named have cosigned the checkpoint.",
            ),
            (
                "Şahidlər bu jurnalı görməyib: o, yalnız sizə göstərilən jurnal ola bilər.",
                "The witnesses have not seen this log: it may be one that is shown to you alone.",
            ),
        ),
        "records": Words(
            (
                "Qeydlər öz vahid formasındadır, bu mübadiləyə aiddir və bir-birinə bağlıdır.",
                "The records are in their one form, are of this exchange, and are bound to one another.",
            ),
            (
                "Qeydlər bir mübadiləyə aid deyil və ya dəyişdirilib.",
                "The records are not of one exchange, or were altered.",
            ),
        ),
        "inclusion": Words(
            (
                "Hər qeyd həmin yoxlama nöqtəsi altında jurnalın ağacındadır.",
                "Each record is in the log's tree under that checkpoint.",
            ),
            _NOT_IN_LOG,
        ),
        "timestamp": Words(
            (
                "Vaxt möhürü qeydlərin həmin vaxtda jurnalda olduğunu göstərir.",
                "A time-stamp shows that the records were in the log at that time.",
            ),
            (
                "Vaxt möhürü etibarsızdır: qeydlərin o vaxt mövcud olduğu sübut olunmur.",
                "The time-stamp does not hold: it is not shown that the records existed then.",
            ),
        ),
        "change": Words(
            (
                "Dəyişiklik qeydə alınan dəyişiklikdir.",
                "The change is the one that was recorded.",
            ),
            _NOT_IN_LOG,
        ),
        "request-message": Words(
            (
                "Sorğu baytı-baytına qeydə alınan sorğudur.",
                "The request is, octet for octet, the one that was recorded.",
            ),
            (
                "Paketdəki sorğu şinin qəbul etdiyi sorğu deyil.",
                "The request in the package is not the one that the bus received.",
            ),
        ),
        "request-signature": Words(
            (
                "Sorğunu istehlakçı imzalayıb: qeyddə göstərilən imza ilə, məhz bu hissələri.",
                "The consumer signed the request: with the signature that the record states, and just these parts.",
            ),
            (
                "İstehlakçının bunu soruşduğu sübut olunmur.",
                "It is not shown that the consumer asked this.",
            ),
        ),
        "consumer-owner": Words(
            (
                "Reyestrə görə sertifikat o vaxt sorğu verən iştirakçının idi.",
                "By the registry the certificate was, at that time, of the member that asked.",
            ),
            _NOT_OWNER,
        ),
        "consumer-path": Words(
            (
                "İstehlakçının sertifikatı o vaxt qüvvədə idi və tanıdığınız quruma aparır.",
                "The consumer's certificate was in its time, and leads to an authority that you believe.",
            ),
            _UNTRUSTED,
        ),
        "consumer-revocation": Words(
            ("İstehlakçının sertifikatı o vaxt ləğv edilməmişdi.", "The consumer's certificate was not revoked then."),
            _REVOKED,
        ),
        "sent-signature": Words(
            (
                "Göndərilən cavabı şin imzalayıb, məzmunu qeydə alınan məzmundur.",
                "The bus signed what was sent, and its Body is the one that was recorded.",
            ),
            (
                "Şinin bu cavabı verdiyi sübut olunmur.",
                "It is not shown that the bus answered this.",
            ),
        ),
        "receipt": Words(
            (
                "Cavabdakı imzalı qəbz onu bu sorğuya və bu qeydlərə bağlayır.",
                "The signed receipt in it binds it to this request and to these records.",
            ),
            (
                "Cavab başqa sorğuya aiddir.",
                "The answer is to another request.",
            ),
        ),
        "bus-owner": Words(
            ("Jurnala görə bu sertifikat şinin özünündür.", "By the log the certificate is the bus's own."),
            _NOT_OWNER,
        ),
        "bus-path": Words(
            (
                "Şinin sertifikatı o vaxt qüvvədə idi və tanıdığınız quruma aparır.",
                "The bus's certificate was in its time, and leads to an authority that you believe.",
            ),
            _UNTRUSTED,
        ),
        "bus-revocation": Words(
            ("Şinin sertifikatı o vaxt ləğv edilməmişdi.", "The bus's certificate was not revoked then."),
            _REVOKED,
        ),
        "hosted-signature": Words(
            (
                "Cavab xidmətin sahibi adından da imzalanıb: şinin onun üçün saxladığı açarla.",
                "The answer is signed for the service's owner too, with the key that the bus keeps for it.",
            ),
            (
                "Cavabın xidmətin sahibi adından imzalandığı sübut olunmur.",
                "It is not shown that the answer was signed for the service's owner.",
            ),
        ),
        "hosted-owner": Words(
            (
                "Reyestrə görə həmin açarın sertifikatı o vaxt xidmətin sahibinin idi.",
                "By the registry that key's certificate was, at that time, of the member that owns the service.",
            ),
            _NOT_OWNER,
        ),
        "hosted-path": Words(
            (
                "Həmin sertifikat o vaxt qüvvədə idi və tanıdığınız quruma aparır.",
                "That certificate was in its time, and leads to an authority that you believe.",
            ),
            _UNTRUSTED,
        ),
        "hosted-revocation": Words(
            ("Həmin sertifikat o vaxt ləğv edilməmişdi.", "That certificate was not revoked then."),
            _REVOKED,
        ),
        "provider-message": Words(
            (
                "Təchizatçının cavabı qeydə alınan cavabdır və istehlakçıya məhz onun məzmunu verilib.",
                "The provider's answer is the one that was recorded, and its content is what the consumer was given.",
            ),
            (
                "İstehlakçıya verilən məzmun təchizatçının cavabı deyil.",
                "What the consumer was given is not what the provider answered.",
            ),
        ),
        "provider-signature": Words(
            ("Cavabı təchizatçı imzalayıb.", "The provider signed its answer."),
            ("Təchizatçının belə cavab verdiyi sübut olunmur.", "It is not shown that the provider answered this."),
        ),
        "provider-owner": Words(
            (
                "Reyestrə görə sertifikat o vaxt xidmətin sahibinin idi.",
                "By the registry the certificate was, at that time, of the member that owns the service.",
            ),
            _NOT_OWNER,
        ),
        "provider-path": Words(
            (
                "Təchizatçının sertifikatı o vaxt qüvvədə idi və tanıdığınız quruma aparır.",
                "The provider's certificate was in its time, and leads to an authority that you believe.",
            ),
            _UNTRUSTED,
        ),
        "provider-revocation": Words(
            ("Təchizatçının sertifikatı o vaxt ləğv edilməmişdi.", "The provider's certificate was not revoked then."),
            _REVOKED,
        ),
        "grant": Words(
            (
                "Sorğuya yol verən icazə qeydə alınıb, o vaxt qüvvədə idi, məqsəd və hüquqi əsas qeyddəki kimidir.",
                "The grant that let it through is on record, was in force, and gives the purpose and the legal basis "
                "that the record states.",
            ),
            (
                "Sorğu qeydə alınan icazə olmadan və ya onun şərtlərindən kənar buraxılıb.",
                "It was let through without a grant on record, or beyond its terms.",
            ),
        ),
        "registry": Words(
            (
                "Reyestrin o vaxtkı faktları qeydə alınan dəyişikliklərdən irəli gəlir.",
                "What the registry stated at that time follows from changes that are on record.",
            ),
            (
                "Paketin reyestr haqqında dedikləri qeydə alınan dəyişikliklərə uyğun deyil.",
                "What the package says of the registry is not what the recorded changes come to.",
            ),
        ),
        "seal-signer": Words(
            (
                "Paketi şin imzalayıb: onun sertifikatı qüvvədə idi və tanıdığınız quruma aparır.",
                "The bus sealed the package: its certificate was in its time, and leads to an authority you believe.",
            ),
            _UNTRUSTED,
        ),
        "held": Words(
            (
                "Saxladığınız qəbz məhz bu qeydləri göstərir.",
                "The receipt that you hold cites these very records.",
            ),
            (
                "Saxladığınız qəbz başqa qeydləri göstərir: jurnal sizə veriləndən fərqli nəsə deyir.",
                "The receipt that you hold cites other records: the log says something else than you were given.",
            ),
        ),
    }
)  # fmt: skip
"""Every step of a proof by its name, in the order in which they are taken."""
