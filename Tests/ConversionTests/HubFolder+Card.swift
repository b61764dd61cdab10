import Conversion
import SystemPackage
import TestSupport

extension HubFolder {
    /// The front matter of a folder's card.
    static func card(_ name: String) throws -> ModelCard {
        guard
            case .map(let entries)? = try json(CardDocument.self, golden.appending("\(name)/card.json"))?
                .value
        else { return ModelCard() }
        return ModelCard(entries)
    }
}

/// The front matter of a card, in JSON.
private struct CardDocument: Decodable {
    let value: CardValue

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            value = .text(text)
        } else if let list = try? container.decode([CardDocument].self) {
            value = .list(list.map(\.value))
        } else if let map = try? container.decode([String: CardDocument].self) {
            value = .map(map.map { CardEntry($0.key, $0.value.value) })
        } else {
            value = .null
        }
    }
}
